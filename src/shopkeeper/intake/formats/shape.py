"""What a built-in format is: how its rows, one to many or many to one, become rows of the data contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.errors import FieldProblem


@dataclass(frozen=True, slots=True)
class Produced:
    """One row made out of a source.

    Attributes:
        raw: The row by the columns of its table, not yet judged.
        row: The source row it comes from, counted from 1; of several the one that names it.
        problems: Why it cannot be used, where the format itself sees it.
    """

    table: TableSchema
    raw: dict[str, Any]
    row: int
    problems: tuple[FieldProblem, ...] = ()


class Shape(Protocol):
    """Takes the rows of one file in order. Never raises, whatever a row holds."""

    def look(self, values: Mapping[str, Any]) -> None:
        """See a row before the first one is taken; only where the format `looks_ahead`."""
        ...

    def take(self, row: int, values: Mapping[str, Any]) -> Iterable[Produced]:
        """Return what is complete with this row."""
        ...

    def finish(self) -> Iterable[Produced]:
        """Return what waited for the end of the file."""
        ...


@dataclass(slots=True)
class Memory:
    """What files of one import tell each other.

    Attributes:
        users: Hash of an e-mail address -> user; what the workspace knew before the import, and its own customer files.
        named: Shown name of a product -> its id, for order lines without one.
    """

    users: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    def user_of(self, email: str | None) -> str | None:
        """Return the user with an e-mail address: its customer number where known, else a name made of its hash."""
        hashed = email_hash(email)
        return None if hashed is None else self.users.get(hashed, f"email-{hashed}")

    def product_named(self, name: str) -> str:
        """Return the product with a shown name; the name itself where no catalogue of this import has it."""
        return self.named.get(name.strip().lower(), name.strip()[:200])


def email_hash(email: str | None) -> str | None:
    """Return 32 hex characters for an address, so that no address is kept; None for none."""
    address = (email or "").strip().lower()
    return sha256(address.encode("utf-8", "replace")).hexdigest()[:32] if address else None


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that is known without a mapping.

    Attributes:
        title: What people call it.
        marks: Sets of column names in lower case; a file that has every name of one set is of this format.
        tables: What it fills.
        shape: Makes the shape for one file, given what files tell each other and when the file was last changed.
        looks_ahead: The file is read twice, because rows depend on later ones.
        knows_users: Its rows name users by e-mail address.
    """

    name: str
    title: str
    marks: tuple[frozenset[str], ...]
    tables: tuple[TableSchema, ...]
    shape: Callable[[Memory, datetime], Shape]
    looks_ahead: bool = False
    knows_users: bool = False

    def fits(self, columns: Iterable[str]) -> bool:
        """Return whether a file with these columns is of this format."""
        names = {name.strip().lower() for name in columns}
        return any(mark <= names for mark in self.marks)
