"""The throttle itself: bounded, and closed to parallel guesses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hounsfield.services.throttle import Throttle, network_of


class _Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_memory_is_bounded_and_the_oldest_are_forgotten():
    throttle = Throttle(free_attempts=1, longest_wait_s=60, max_keys=100, monotonic=_Clock())
    for number in range(1000):
        throttle.attempt(f"key {number}")
    assert throttle.key_count == 100
    assert throttle.wait_s("key 999") > 0
    assert throttle.wait_s("key 0") == 0


def test_parallel_attempts_cannot_outrun_the_count():
    throttle = Throttle(free_attempts=5, longest_wait_s=60, monotonic=_Clock())
    with ThreadPoolExecutor(16) as threads:
        allowed = sum(wait == 0 for wait in threads.map(lambda _: throttle.attempt("key"), range(200)))
    assert allowed == 5


def test_failures_are_forgotten_after_a_while():
    clock = _Clock()
    throttle = Throttle(free_attempts=2, longest_wait_s=60, forget_after_s=900, monotonic=clock)
    assert [throttle.attempt("key") == 0 for _ in range(3)] == [True, True, False]
    clock.now_s = 901
    assert [throttle.attempt("key") == 0 for _ in range(3)] == [True, True, False]


def test_taking_back_leaves_earlier_failures():
    throttle = Throttle(free_attempts=3, longest_wait_s=60, monotonic=_Clock())
    throttle.attempt("key")
    throttle.attempt("key")
    throttle.attempt("key")
    throttle.take_back("key")
    assert throttle.attempt("key") == 0
    assert throttle.attempt("key") > 0


def test_what_one_attacker_commands():
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db8:0:1::1")
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("") == ""
