"""People's accounts and their passwords."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hounsfield.model.errors import (
    AccessDenied,
    AlreadyExists,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyAttempts,
    Unavailable,
    WeakPassword,
)
from hounsfield.model.origin import Principal, Role
from hounsfield.services.accounts import Accounts, require
from hounsfield.services.passwords import PasswordHasher, judge_password, random_password

HOST = "192.0.2.7"


def test_first_start_makes_one_administrator_and_tells_the_password_once(access, tmp_path):
    from hounsfield.index.database import Database
    from hounsfield.records.records import Records

    database = Database(tmp_path / "fresh.sqlite")
    database.upgrade()
    records = Records(database)
    accounts = Accounts(records, records, hasher=PasswordHasher(time_cost=1, memory_kib=64))
    password = accounts.ensure_administrator()
    assert password is not None
    assert accounts.ensure_administrator() is None
    account = accounts.check("admin", password, HOST)
    assert account.role is Role.ADMINISTRATOR
    assert password not in repr(records.accounts())
    database.close()


def test_random_passwords_satisfy_the_policy_and_differ():
    passwords = {random_password() for _ in range(50)}
    assert len(passwords) == 50
    for password in passwords:
        judge_password("admin", password)


@pytest.mark.parametrize(
    "password",
    ["", "eleven char", "administrator1"[:11], "adminadminadmin", "ADMIN admin Admin", "aaaaaaaaaaaaaaaa", "abababababab", "x" * 1025],
)
def test_weak_passwords_are_refused(password):
    with pytest.raises(WeakPassword):
        judge_password("admin", password)


@pytest.mark.parametrize("password", ["twelve chars", "пароль из слов", "パスワードは長いほうがよいです", "a phrase with spaces " * 20])
def test_long_passwords_of_any_script_are_taken(password):
    judge_password("admin", password)


def test_a_password_is_kept_as_argon2id_and_never_readable(access):
    kept = access.records.account("vera").password_hash
    assert kept.startswith("$argon2id$")
    assert access.password not in kept


def test_the_default_cost_is_not_less_than_what_owasp_asks():
    kept = PasswordHasher().hash("twelve chars")
    assert "$m=32768,t=3,p=1$" in kept


def test_the_same_word_from_another_keyboard_is_the_same_password(access):
    access.accounts.create("zoe", "Zo\u00eb's Pa\u00dfwort 1", Role.VIEWER)
    assert access.accounts.check("zoe", "Zoe\u0308's Pa\u00dfwort 1", HOST).name == "zoe"


def test_names_do_not_differ_by_case(access):
    assert access.accounts.check("  Vera ", access.password, HOST).name == "vera"
    with pytest.raises(AlreadyExists):
        access.accounts.create("VERA", "another long password", Role.VIEWER)


@pytest.mark.parametrize("name", ["", "-x", "a b", "a\0b", "x" * 65, "ü", "a/b", "a\nb", "<img>"])
def test_odd_names_are_refused(access, name):
    with pytest.raises(InvalidInput):
        access.accounts.create(name, "another long password", Role.VIEWER)


@pytest.mark.parametrize("name", ["nobody", "a\0b", "\ud800", "x" * 1000, ""])
def test_an_unknown_name_is_refused_in_the_words_of_a_wrong_password(access, name):
    with pytest.raises(NotSignedIn) as unknown:
        access.accounts.check(name, access.password, HOST)
    with pytest.raises(NotSignedIn) as wrong:
        access.accounts.check("vera", "wrong horse battery", HOST)
    assert str(unknown.value) == str(wrong.value)


def test_an_unknown_name_costs_a_comparison_too():
    hasher = PasswordHasher(time_cost=1, memory_kib=64)
    compared = []
    argon2 = hasher._argon2

    class Counting:
        hash = staticmethod(argon2.hash)

        def verify(self, kept, password):
            compared.append(kept)
            return argon2.verify(kept, password)

    hasher._argon2 = Counting()
    assert not hasher.matches(None, "anything at all")
    assert len(compared) == 1
    assert compared[0].startswith("$argon2id$v=19$m=64,t=1,p=1$")


def test_a_surrogate_in_a_password_is_only_wrong(access):
    with pytest.raises(NotSignedIn):
        access.accounts.check("vera", "\ud800" * 12, HOST)


def test_a_disabled_account_cannot_sign_in_and_says_no_more(access):
    access.accounts.disable("vera")
    with pytest.raises(NotSignedIn, match="user name or password is wrong"):
        access.accounts.check("vera", access.password, HOST)
    access.accounts.enable("vera")
    access.accounts.check("vera", access.password, HOST)


def test_the_last_administrator_stays(access):
    with pytest.raises(AccessDenied):
        access.accounts.disable("ada")
    with pytest.raises(AccessDenied):
        access.accounts.set_role("ada", Role.VIEWER)
    access.accounts.set_role("edgar", Role.ADMINISTRATOR)
    access.accounts.disable("ada")


def test_what_is_not_there_cannot_be_changed(access):
    for change in (access.accounts.disable, access.accounts.enable):
        with pytest.raises(NotFound):
            change("nobody")
    with pytest.raises(NotFound):
        access.accounts.set_password("nobody", "another long password")
    with pytest.raises(NotFound):
        access.accounts.set_role("nobody", Role.EDITOR)


def test_an_outdated_hash_is_renewed_at_the_next_sign_in(access):
    old = PasswordHasher(time_cost=2, memory_kib=64).hash(access.password)
    access.records.set_password("vera", old, False)
    access.accounts.check("vera", access.password, HOST)
    renewed = access.records.account("vera").password_hash
    assert renewed != old
    assert "t=1" in renewed
    access.accounts.check("vera", access.password, HOST)


def _fail(access, name="vera", host=HOST):
    with pytest.raises((NotSignedIn, TooManyAttempts)) as refused:
        access.accounts.check(name, "wrong horse battery", host)
    return refused.value


def test_guessing_an_account_from_many_hosts_is_slowed_down(access):
    for number in range(3):
        assert isinstance(_fail(access, host=f"198.51.100.{number}"), NotSignedIn)
    slowed = _fail(access, host="198.51.100.77")
    assert isinstance(slowed, TooManyAttempts)
    assert slowed.retry_after_s >= 1
    with pytest.raises(TooManyAttempts):  # the right password gains nothing by now, or it could be told from wrong ones
        access.accounts.check("vera", access.password, "198.51.100.78")
    access.accounts.check("edgar", access.password, "198.51.100.78")
    access.clock.advance(slowed.retry_after_s)
    access.accounts.check("vera", access.password, "198.51.100.78")


def test_one_host_that_tries_many_accounts_is_slowed_down(access):
    for number in range(6):
        assert isinstance(_fail(access, name=f"user{number}"), NotSignedIn)
    assert isinstance(_fail(access, name="user99"), TooManyAttempts)
    access.accounts.check("vera", access.password, "203.0.113.1")


def test_a_whole_ipv6_network_counts_as_one_host(access):
    for number in range(6):
        _fail(access, name=f"user{number}", host=f"2001:db8:0:1::{number}")
    assert isinstance(_fail(access, name="user99", host="2001:db8:0:1:ffff::1"), TooManyAttempts)
    assert isinstance(_fail(access, name="user99", host="2001:db8:0:2::1"), NotSignedIn)


def test_parallel_guesses_gain_nothing(access):
    """All of them have passed the throttle before the first has failed; still only the free ones are compared."""
    everybody_waits = threading.Barrier(17)
    raise_if_throttled = access.accounts._raise_if_throttled
    arrived = threading.local()

    def arrive(name, network):
        raise_if_throttled(name, network)
        if not hasattr(arrived, "once"):
            arrived.once = True
            everybody_waits.wait(20)

    access.accounts._raise_if_throttled = arrive
    with ThreadPoolExecutor(16) as threads:
        guesses = [threads.submit(_fail, access, host=f"198.51.100.{number}") for number in range(16)]
        everybody_waits.wait(20)
        outcomes = [type(guess.result()) for guess in guesses]
    assert outcomes.count(NotSignedIn) == 3
    assert outcomes.count(TooManyAttempts) == 13


def test_the_right_password_makes_earlier_failures_forgotten(access):
    for number in range(10):
        _fail(access, host=f"198.51.100.{number}")
        _fail(access, host=f"198.51.100.{number}")
        access.accounts.check("vera", access.password, HOST)


def test_many_sign_ins_at_once_of_one_account_are_none_of_them_refused(access):
    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(lambda _: access.accounts.check("vera", access.password, HOST), range(60)))


def test_a_queue_that_is_too_long_is_said_so(access):
    hasher = PasswordHasher(time_cost=1, memory_kib=64, patience_s=0.01)
    accounts = Accounts(access.records, access.records, hasher=hasher)
    with hasher.turn(), pytest.raises(Unavailable):
        accounts.check("vera", access.password, HOST)
    accounts.check("vera", access.password, HOST)


def test_success_is_not_held_against_anyone(access):
    for _ in range(50):
        access.accounts.check("vera", access.password, HOST)


def test_roles_include_the_lesser_ones():
    for role, allowed in ((Role.VIEWER, 1), (Role.EDITOR, 2), (Role.ADMINISTRATOR, 3)):
        passed = 0
        for needed in Role:
            try:
                require(Principal("x", role), needed)
                passed += 1
            except AccessDenied:
                pass
        assert passed == allowed
