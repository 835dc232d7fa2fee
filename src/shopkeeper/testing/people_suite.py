"""The laws of the ports in `people.ports`, for any engine: subclass and give the fixture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shopkeeper.errors import InputError
from shopkeeper.people.person import Person
from shopkeeper.people.ports import PeopleStore, PersonSessions, SignInTries

HOUR = timedelta(hours=1)


def now() -> datetime:
    """Return the time as the engines keep it."""
    return datetime.now(UTC)


class PeopleStoreSuite:
    """Every engine of `PeopleStore` passes these."""

    def test_a_person_is_found_by_address_whatever_its_capitals(self, people: PeopleStore) -> None:
        anna = people.add("Anna Lee", "Anna@Shop.example", {"*": ("admin",)}, "test")
        assert people.named(" ANNA@shop.example ") == anna
        assert (anna.email, anna.roles) == ("anna@shop.example", {"*": ("admin",)})

    def test_an_address_is_one_persons(self, people: PeopleStore) -> None:
        people.add("Anna Lee", "anna@shop.example", {"*": ("admin",)}, "test")
        with pytest.raises(InputError, match="already"):
            people.add("Another", "ANNA@shop.example", {"uk": ("viewer",)}, "test")
        assert [person.name for person in people.people()] == ["Anna Lee"]

    def test_roles_are_replaced_as_a_whole(self, people: PeopleStore) -> None:
        people.add("Root", "root@shop.example", {"*": ("admin",)}, "test")
        bob = people.add("Bob", "bob@shop.example", {"uk": ("viewer", "pricing")}, "test")
        people.set_roles(bob.person_id, {"de": ("merchandiser",)}, "test")
        assert people.named("bob@shop.example").roles == {"de": ("merchandiser",)}

    def test_nobody_can_sign_in_before_there_is_somebody_or_after_all_are_gone(self, people: PeopleStore) -> None:
        assert not people.configured()
        bob = people.add("Bob", "bob@shop.example", {"uk": ("viewer",)}, "test")
        assert people.configured()
        people.remove(bob.person_id, "test")
        assert not people.configured()

    def test_the_last_admin_of_all_stores_stays(self, people: PeopleStore) -> None:
        anna = people.add("Anna Lee", "anna@shop.example", {"*": ("admin",)}, "test")
        people.add("Bob", "bob@shop.example", {"uk": ("admin",)}, "test")
        with pytest.raises(InputError, match="last admin"):
            people.set_roles(anna.person_id, {"*": ("viewer",)}, "test")
        with pytest.raises(InputError, match="last admin"):
            people.remove(anna.person_id, "test")
        assert people.named("anna@shop.example").roles == {"*": ("admin",)}
        people.add("Cleo", "cleo@shop.example", {"*": ("admin",)}, "test")
        people.remove(anna.person_id, "test")

    def test_a_password_leaves_with_the_person(self, people: PeopleStore) -> None:
        bob = people.add("Bob", "bob@shop.example", {"uk": ("viewer",)}, "test")
        assert people.password_hash("bob@shop.example") is None
        people.set_password(bob.person_id, "a hash", "test")
        people.set_password(bob.person_id, "another", "test")
        assert people.password_hash("BOB@shop.example") == (bob, "another")
        people.remove(bob.person_id, "test")
        assert people.password_hash("bob@shop.example") is None
        [gone] = people.people()
        assert (gone.name, gone.active, gone.roles) == ("Bob", False, {})

    def test_an_erased_person_has_neither_name_nor_address(self, people: PeopleStore) -> None:
        bob = people.add("Bob", "bob@shop.example", {"uk": ("viewer",)}, "test")
        people.remove(bob.person_id, "test", erase=True)
        [gone] = people.people()
        assert gone.person_id == bob.person_id
        assert "bob" not in (gone.name + gone.email).casefold()
        people.add("Bob", "bob@shop.example", {"uk": ("viewer",)}, "test")

    def test_an_unknown_person_or_none_without_roles_is_said(self, people: PeopleStore) -> None:
        with pytest.raises(InputError, match="no person"):
            people.set_roles("00000000", {"*": ("viewer",)}, "test")
        with pytest.raises(InputError, match="Nobody here"):
            people.named("nobody@shop.example")
        with pytest.raises(InputError, match="role"):
            people.add("Bob", "bob@shop.example", {}, "test")


class PersonSessionsSuite:
    """Every engine of `PersonSessions` passes these; `bob` is a person in the same engine's `PeopleStore`."""

    def test_a_token_finds_its_person_and_session(self, sessions: PersonSessions, bob: Person) -> None:
        session, token = sessions.begin(bob.person_id, "browser", "10.0.0.9", now() + HOUR)
        found = sessions.find(token, ("browser",), now())
        assert found is not None
        assert (found[0].person_id, found[1].session_id) == (bob.person_id, session.session_id)
        assert sessions.find(token + "x", ("browser",), now()) is None
        assert sessions.sessions(now())[0].address == "10.0.0.9"
        assert token not in repr(sessions.sessions(now()))

    def test_a_token_of_one_kind_is_worth_nothing_as_another(self, sessions: PersonSessions, bob: Person) -> None:
        _, invitation = sessions.begin(bob.person_id, "invite", "command line", now() + HOUR, "test")
        _, shell = sessions.begin(bob.person_id, "shell", "shell:bob", now() + HOUR)
        assert sessions.find(invitation, ("browser", "shell"), now()) is None
        assert sessions.find(shell, ("browser",), now()) is None
        assert sessions.spend(shell, now()) is None

    def test_a_session_ends_by_time_by_rest_and_by_hand(self, sessions: PersonSessions, bob: Person) -> None:
        began = now()
        session, token = sessions.begin(bob.person_id, "browser", "10.0.0.9", began + 3 * HOUR)
        assert sessions.find(token, ("browser",), began + 2 * HOUR, HOUR) is None
        assert sessions.find(token, ("browser",), began + HOUR / 2, HOUR) is not None  # used, so it rests from now on
        assert sessions.find(token, ("browser",), began + 1.25 * HOUR, HOUR) is not None
        assert sessions.find(token, ("browser",), began + 4 * HOUR) is None
        sessions.revoke(session.session_id, "test")
        assert sessions.find(token, ("browser",), began) is None
        assert sessions.sessions(began) == []
        with pytest.raises(InputError, match="no valid sign-in"):
            sessions.revoke(session.session_id, "test")

    def test_a_new_password_or_a_removal_ends_every_session(
        self, people: PeopleStore, sessions: PersonSessions, bob: Person
    ) -> None:
        _, before = sessions.begin(bob.person_id, "browser", "10.0.0.9", now() + HOUR)
        people.set_password(bob.person_id, "hash", "test")
        assert sessions.find(before, ("browser",), now()) is None
        _, after = sessions.begin(bob.person_id, "browser", "10.0.0.9", now() + HOUR)
        people.remove(bob.person_id, "test")
        assert sessions.find(after, ("browser",), now()) is None

    def test_an_invitation_is_spent_once_by_however_many(self, sessions: PersonSessions, bob: Person) -> None:
        _, token = sessions.begin(bob.person_id, "invite", "command line", now() + HOUR, "test")
        with ThreadPoolExecutor(4) as at_once:
            spent = list(at_once.map(lambda _: sessions.spend(token, now()), range(4)))
        assert sum(one is not None for one in spent) == 1
        assert sessions.find(token, ("invite",), now()) is None

    def test_a_sign_in_is_noted_with_the_person(
        self, people: PeopleStore, sessions: PersonSessions, bob: Person
    ) -> None:
        assert bob.signed_in_at is None
        sessions.begin(bob.person_id, "browser", "10.0.0.9", now() + HOUR)
        assert people.named(bob.email).signed_in_at is not None


class SignInTriesSuite:
    """Every engine of `SignInTries` passes these."""

    def test_tries_are_counted_by_subject_within_the_window(self, tries: SignInTries) -> None:
        began = now().replace(microsecond=0)
        tries.note(["a", "b"], began - HOUR, began - 2 * HOUR)
        tries.note(["a"], began - HOUR / 4, began - HOUR / 2)
        found = tries.note(["a", "b"], began, began - HOUR / 2)
        assert found == {"a": [began - HOUR / 4, began], "b": [began]}

    def test_of_tries_at_once_each_sees_the_others(self, tries: SignInTries) -> None:
        began = now()
        with ThreadPoolExecutor(4) as at_once:
            seen = list(at_once.map(lambda _: len(tries.note(["a"], began, began - HOUR)["a"]), range(8)))
        assert max(seen) == 8

    def test_a_success_forgives_the_pair_and_itself_alone(self, tries: SignInTries) -> None:
        began = now().replace(microsecond=0)
        tries.note(["pair", "place"], began - HOUR / 4, began - HOUR)
        tries.note(["pair", "place"], began, began - HOUR)
        tries.forgive("pair", ["pair", "place"], began)
        later = began + HOUR / 4
        assert tries.note(["pair", "place"], later, began - HOUR) == {
            "pair": [later],
            "place": [began - HOUR / 4, later],
        }
