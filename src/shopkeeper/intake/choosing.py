"""Which built-in format a file is of, and which users a workspace knows by e-mail address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from shopkeeper.commerce.shopper import User
from shopkeeper.errors import InputError
from shopkeeper.intake.detection import Said
from shopkeeper.intake.formats.known import FORMATS, formats_named, recognised
from shopkeeper.intake.formats.shape import Format
from shopkeeper.intake.ports import SourcedRow, SourceReader


class Recogniser:
    """Looks at the columns of a file to say what it is.

    Args:
        name: The only format, or family of formats, to look for; None = every one.

    Raises:
        InputError: there is no format of that name.
    """

    def __init__(self, readers: Mapping[str, SourceReader], said: Said, name: str | None) -> None:
        self._readers = readers
        self._said = said
        self._among = FORMATS if name is None else formats_named(name)
        self._only = self._among[0] if name is not None and len(self._among) == 1 else None

    def __call__(self, path: Path, kind: str) -> Format | None:
        """Return the format of a file; a format given by its whole name is taken as said."""
        if self._only is not None:
            return self._only
        try:
            source = self._readers[kind].inspect(path, self._said)
        except InputError:
            return None  # said again, with its reason, when the file is opened because of its name
        return recognised(source.columns, self._among)


def users_by_email(users: Iterable[SourcedRow]) -> dict[str, str]:
    """Return hash of the e-mail address -> user, of the users whose record has one."""
    found: dict[str, str] = {}
    for sourced in users:
        if isinstance(sourced.row, User) and isinstance(hashed := sourced.row.attributes.get("email_hash"), str):
            found[hashed] = sourced.row.user
    return found
