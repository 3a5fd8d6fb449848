"""The throttle itself."""

from __future__ import annotations

from hounsfield.services.throttle import Throttle, network_of


class _Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def _failures_until_blocked(throttle, key="key"):
    count = 0
    while not throttle.wait_s(key):
        throttle.failed(key)
        count += 1
    return count


def test_memory_is_bounded_and_the_oldest_are_forgotten():
    throttle = Throttle(free_failures=1, longest_wait_s=60, max_keys=100, monotonic=_Clock())
    for number in range(1000):
        throttle.failed(f"key {number}")
    assert throttle.key_count == 100
    assert throttle.wait_s("key 999") > 0
    assert throttle.wait_s("key 0") == 0


def test_failures_are_free_then_cost_a_doubling_wait_with_a_limit():
    clock = _Clock()
    throttle = Throttle(free_failures=5, longest_wait_s=60, forgive_one_after_s=1e9, monotonic=clock)
    assert _failures_until_blocked(throttle) == 5
    waits = []
    for _ in range(12):
        waits.append(round(throttle.wait_s("key")))
        clock.now_s += throttle.wait_s("key")
        throttle.failed("key")
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]
    assert throttle.wait_s("another key") == 0


def test_failures_fade_one_by_one():
    clock = _Clock()
    throttle = Throttle(free_failures=5, longest_wait_s=60, forgive_one_after_s=30, monotonic=clock)
    for _ in range(1000):  # two a minute for hours: typing errors of many people behind one address
        throttle.failed("key")
        clock.now_s += 30
        assert throttle.wait_s("key") == 0
    assert _failures_until_blocked(throttle) in (4, 5)
    clock.now_s += 6 * 30
    assert _failures_until_blocked(throttle) == 5


def test_who_goes_on_guessing_gets_few_guesses_a_day():
    clock = _Clock()
    throttle = Throttle(free_failures=10, longest_wait_s=60, forgive_one_after_s=30, monotonic=clock)
    guesses = 0
    while clock.now_s < 24 * 3600:
        throttle.failed("key")
        guesses += 1
        clock.now_s += max(0.05, throttle.wait_s("key"))
    assert guesses < 24 * 3600 / 30 + 50


def test_what_one_attacker_commands():
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db8:0:1::1")
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("") == ""
