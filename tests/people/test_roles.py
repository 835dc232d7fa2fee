"""One table says who may do what; the guide shows it as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shopkeeper.errors import InputError
from shopkeeper.people.roles import ALL, MACHINE, RIGHTS, ROLES, WORDS, Right, Role, may, read_roles, role_words

GUIDE = Path(__file__).parents[2] / "docs/guides/people.md"


@pytest.mark.parametrize(
    ("roles", "right", "store", "allowed"),
    [
        ({"uk": ("pricing",)}, "prices", "uk", True),
        ({"uk": ("pricing",)}, "prices", "de", False),
        ({"uk": ("pricing",)}, "prices", ALL, False),
        ({"uk": ("pricing",)}, "prices", "", False),
        ({"uk": ("pricing",)}, "rules", "uk", False),
        ({ALL: ("pricing",)}, "prices", "uk", True),
        ({ALL: ("pricing",)}, "prices", "a store of next year", True),
        ({"uk": ("viewer", "merchandiser")}, "rules", "uk", True),
        ({ALL: ("viewer",), "uk": ("operator",)}, "rollback", "uk", True),
        ({ALL: ("viewer",), "uk": ("operator",)}, "rollback", "de", False),
        ({"uk": ("admin",), "de": ("admin",)}, "people", ALL, False),
        ({}, "view", "uk", False),
    ],
)
def test_a_role_holds_in_its_store_and_one_for_all_in_every(
    roles: dict[str, tuple[Role, ...]], right: Right, store: str, allowed: bool
) -> None:
    assert may(roles, right, store) is allowed


def test_an_admin_holds_every_right_and_a_viewer_looks_alone() -> None:
    assert {right for right in RIGHTS if may({ALL: ("admin",)}, right, ALL)} == set(RIGHTS)
    assert {right for right in RIGHTS if may({ALL: ("viewer",)}, right, ALL)} == {"view"}


def test_only_an_admin_goes_against_the_gate_and_no_machine_goes_further_than_it() -> None:
    assert RIGHTS["override"] == {"admin"}
    assert MACHINE.isdisjoint({"advance", "approve", "override", "rules", "prices", "content", "people"})


def test_every_right_has_its_words() -> None:
    assert WORDS.keys() == RIGHTS.keys()


def test_roles_are_read_as_they_are_written() -> None:
    found = read_roles(["pricing@uk", "viewer", "merchandiser@uk", "viewer@*"])
    assert found == {"*": ("viewer",), "uk": ("merchandiser", "pricing")}
    assert read_roles(role_words(found).split(", ")) == found


@pytest.mark.parametrize("words", [["king"], ["admin@"], [""], [], ["admin@" + "x" * 201]])
def test_a_word_that_is_no_role_is_said(words: list[str]) -> None:
    with pytest.raises(InputError, match="role"):
        read_roles(words)


def test_the_guide_shows_the_table() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in GUIDE.read_text("utf-8").splitlines()
        if line.startswith("| ")
    ]
    header = next(row for row in rows if row[0] == "may")
    assert tuple(header[1:-1]) == ROLES
    shown = {
        right: {name for name, cell in zip(header[1:], row[1:], strict=True) if cell == "yes"}
        for row in rows
        for right in re.findall(r"`(\w+)`", row[0])
    }
    machine = header[-1]
    assert shown == {right: {*roles, *({machine} if right in MACHINE else ())} for right, roles in RIGHTS.items()}
