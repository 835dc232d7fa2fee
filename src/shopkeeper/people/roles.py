"""Which role may do what: one table, read by the command line, the HTTP API and the pages alike.

What makes things safer (hold, roll back, stop) is open to everyone who acts in a store; what goes further (advance,
approve) needs an operator; what goes against the gate or changes who may do what needs an admin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from shopkeeper.errors import InputError

Role = Literal["viewer", "merchandiser", "pricing", "operator", "admin"]
Right = Literal[
    "view", "histories", "audit", "rules", "content", "prices", "hold", "rollback", "stop", "advance", "approve",
    "override", "people",
]  # fmt: skip
ROLES: Final[tuple[Role, ...]] = get_args(Role)

ALL: Final = "*"
"""In place of a store: every store, those that come later too."""

RIGHTS: Final[Mapping[Right, frozenset[Role]]] = {
    "view": frozenset(ROLES),
    "histories": frozenset({"merchandiser", "operator", "admin"}),
    "audit": frozenset({"operator", "admin"}),
    "rules": frozenset({"merchandiser", "admin"}),
    "content": frozenset({"merchandiser", "admin"}),
    "prices": frozenset({"pricing", "admin"}),
    "hold": frozenset({"merchandiser", "pricing", "operator", "admin"}),
    "rollback": frozenset({"merchandiser", "pricing", "operator", "admin"}),
    "stop": frozenset({"merchandiser", "pricing", "operator", "admin"}),
    "advance": frozenset({"operator", "admin"}),
    "approve": frozenset({"operator", "admin"}),
    "override": frozenset({"admin"}),
    "people": frozenset({"admin"}),
}
"""Roles that hold each right."""

WORDS: Final[Mapping[Right, str]] = {
    "view": "look at pages and reports",
    "histories": "look at what single shoppers did and were shown",
    "audit": "read who did what",
    "rules": "edit rules",
    "content": "approve and lock texts",
    "prices": "change and approve prices",
    "hold": "hold a rollout",
    "rollback": "roll a rollout back",
    "stop": "stop a system",
    "advance": "start a rollout or take its next step",
    "approve": "approve a model or a change",
    "override": "go against the gate",
    "people": "manage people",
}
"""What each right lets one do, as pages and errors say it."""

LOOKING: Final[frozenset[Right]] = frozenset({"view", "histories", "audit"})
"""Rights that change nothing."""
MACHINE: Final[frozenset[Right]] = frozenset({"view", "hold", "rollback", "stop"})
"""Rights of what is no person: an API key with the scope `manage`. Nothing among them goes further than the gate."""


def may(roles: Mapping[str, Iterable[Role]], right: Right, store: str) -> bool:
    """Say whether somebody holds a right in a store; in all stores where it is `*`.

    Args:
        roles: Their roles by store, `*` = all stores. A right in all stores needs a role in all stores: roles in each
            store there is today do not make one.
    """
    held = {*roles.get(ALL, ()), *roles.get(store or ALL, ())}
    return not held.isdisjoint(RIGHTS[right])


def read_roles(words: Iterable[str]) -> dict[str, tuple[Role, ...]]:
    """Return roles by store from words such as `pricing@uk`, `viewer@*` or `admin`, which means in all stores.

    Raises:
        InputError: there is none, or a word names no role or no store.
    """
    found: dict[str, set[Role]] = {}
    for word in words:
        name, at, store = word.strip().partition("@")
        role = next((role for role in ROLES if role == name), None)
        if role is None or (at and not store) or len(store) > 200:
            raise InputError(
                f"{word!r} is no role.", f"Give one of {', '.join(ROLES)}, and its store as in pricing@uk; none = all."
            )
        found.setdefault(store or ALL, set()).add(role)
    if not found:
        raise InputError("No role is given.", f"Give one or more of {', '.join(ROLES)}, such as --role pricing@uk.")
    return {store: tuple(role for role in ROLES if role in found[store]) for store in sorted(found)}


def role_words(roles: Mapping[str, Iterable[Role]]) -> str:
    """Return roles as `read_roles` takes them: `admin, pricing@uk`."""
    return ", ".join(role if store == ALL else f"{role}@{store}" for store in sorted(roles) for role in roles[store])
