"""The laws of `serving.ports.KeyStore`, for any engine: subclass and give a `keys` fixture."""

from __future__ import annotations

import hashlib
from typing import cast

import pytest

from shopkeeper.errors import InputError
from shopkeeper.serving.ports import KeyStore, Scope


class KeyStoreSuite:
    """Every engine of the port passes these."""

    def test_a_secret_finds_its_key(self, keys: KeyStore) -> None:
        key, secret = keys.create("uk", ("decide", "events"), "test")
        assert keys.find(secret) == key
        assert key.scopes == ("events", "decide")

    def test_an_unknown_secret_finds_nothing(self, keys: KeyStore) -> None:
        _, secret = keys.create("uk", ("events",), "test")
        assert keys.find(secret + "x") is None

    def test_a_revoked_key_is_not_found(self, keys: KeyStore) -> None:
        key, secret = keys.create("uk", ("events",), "test")
        keys.revoke(key.key_id, "test")
        assert keys.find(secret) is None
        assert keys.keys()[0].revoked_at is not None

    def test_a_key_for_web_pages_has_no_other_scope_and_one_store(self, keys: KeyStore) -> None:
        key, secret = keys.create("uk", ("beacon",), "test")
        assert (keys.find(secret), key.scopes) == (key, ("beacon",))
        with pytest.raises(InputError, match="stands in web pages"):
            keys.create("uk", ("beacon", "events"), "test")
        with pytest.raises(InputError, match="stands in web pages"):
            keys.create("*", ("beacon",), "test")

    def test_all_valid_keys_are_told_by_the_hash_of_their_secrets(self, keys: KeyStore) -> None:
        key, secret = keys.create("uk", ("events",), "test")
        other, other_secret = keys.create("de", ("decide",), "test")
        revoked, _ = keys.create("fr", ("decide",), "test")
        keys.revoke(revoked.key_id, "test")
        assert keys.valid() == {
            hashlib.sha256(secret.encode()).digest(): key,
            hashlib.sha256(other_secret.encode()).digest(): other,
        }

    def test_revoking_twice_or_a_stranger_is_said(self, keys: KeyStore) -> None:
        with pytest.raises(InputError, match="no valid key"):
            keys.revoke("none", "test")

    def test_an_unknown_scope_is_refused(self, keys: KeyStore) -> None:
        with pytest.raises(InputError, match="Scopes"):
            keys.create("uk", (cast("Scope", "admin"),), "test")

    def test_no_listing_shows_a_secret(self, keys: KeyStore) -> None:
        _, secret = keys.create("uk", ("events",), "test")
        assert secret not in repr(keys.keys())
