"""A password is kept as a hash that takes long to guess, and a weak one is not taken."""

from __future__ import annotations

import hashlib
from base64 import b64encode

import pytest

from shopkeeper.errors import InputError
from shopkeeper.people.passwords import check_password, hashed, matches, outdated

GOOD = "four unrelated words"


def test_a_password_matches_its_hash_alone_and_no_two_hashes_are_the_same() -> None:
    kept = hashed(GOOD)
    assert matches(GOOD, kept)
    assert not matches(GOOD + " ", kept)
    assert kept != hashed(GOOD)
    assert GOOD not in kept


def test_what_is_kept_is_scrypt_as_the_standard_library_has_it() -> None:
    _, log_n, r, p, _, _ = hashed(GOOD).split("$")
    assert (2 ** int(log_n), int(r), int(p)) == (32_768, 8, 3)
    salt = b"0123456789abcdef"
    expected = hashlib.scrypt(GOOD.encode(), salt=salt, n=2**10, r=8, p=1)
    kept = f"scrypt$10$8$1${b64encode(salt).decode()}${b64encode(expected).decode()}"
    assert matches(GOOD, kept)
    assert outdated(kept)
    assert not outdated(hashed(GOOD))


def test_where_nothing_is_kept_nothing_matches() -> None:
    assert not matches("", None)
    assert not matches(GOOD, None)


def test_two_ways_to_type_an_accent_are_one_password() -> None:
    assert matches("caf\u0065\u0301 unrelated words", hashed("caf\u00e9 unrelated words"))


@pytest.mark.parametrize("password", ["short", "x" * 257, "aaaaaaaabbbbbbbb", "anna.lee1234", "AnnaLeeAnnaLee"])
def test_a_weak_password_is_not_taken_and_not_repeated(password: str) -> None:
    with pytest.raises(InputError, match="not taken") as refused:
        check_password(password, "Anna Lee", "anna.lee@shop.example")
    assert password not in str(refused.value)


def test_a_good_password_is_taken() -> None:
    check_password(GOOD, "Anna Lee", "anna.lee@shop.example")
    check_password("anna likes 9 tall giraffes", "Anna Lee", "anna.lee@shop.example")
