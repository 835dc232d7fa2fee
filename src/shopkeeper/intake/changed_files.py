"""Which files of a source are new since it was last read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from shopkeeper.errors import InputError


@dataclass(frozen=True, slots=True)
class ChangedFiles:
    """What is new, and what to remember once it is imported.

    Attributes:
        new: Files whose content was not imported before, whatever they were called.
        seen: Name -> size, time of the last change (nanoseconds) and hash of the content, of every file there is.
    """

    new: tuple[Path, ...]
    seen: Mapping[str, Mapping[str, Any]]


def changed_files(path: Path, before: Mapping[str, Any]) -> ChangedFiles:
    """Compare the files at `path` with what was remembered.

    A file with the size and time of before is taken as unchanged; else its content decides.

    Raises:
        InputError: there is nothing at `path`, or a file cannot be read.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist.", "Mend `path` of the source in shopkeeper.toml.")
    known = {entry["hash"] for entry in before.values()}
    new: list[Path] = []
    seen: dict[str, dict[str, Any]] = {}
    for file, name in _files(path):
        found = file.stat()
        was = before.get(name)
        if was is not None and (was["size"], was["mtime"]) == (found.st_size, found.st_mtime_ns):
            seen[name] = dict(was)
            continue
        content = _hash(file)
        seen[name] = {"size": found.st_size, "mtime": found.st_mtime_ns, "hash": content}
        if content not in known:
            new.append(file)
            known.add(content)
    return ChangedFiles(tuple(new), seen)


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    if path.is_file():
        yield path, path.name
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            yield file, str(file.relative_to(path))


def _hash(file: Path) -> str:
    digest = blake2b(digest_size=16)
    try:
        with file.open("rb") as content:
            while part := content.read(1 << 20):
                digest.update(part)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", "Check its rights.") from error
    return digest.hexdigest()
