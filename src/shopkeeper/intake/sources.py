"""Which files of a folder fill which tables, and which are left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from shopkeeper.commerce.tables import SOURCE_TABLES, STORES, TableSchema
from shopkeeper.errors import InputError, MappingError
from shopkeeper.intake.formats.shape import Format
from shopkeeper.intake.mapping import SourceMapping, TableMapping

FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
}
"""Ending of a file name -> format."""

_ORDER = {name: place for place, name in enumerate((STORES.name, "products", "users"))}
_LAST = len(_ORDER)
SPLITS = "splits"


@dataclass(frozen=True, slots=True)
class Filling:
    """One table filled from a file; without a mapping the file's columns are the table's."""

    table: TableSchema
    mapping: TableMapping | None = None


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file to read, once, for all the tables it fills.

    Attributes:
        name: Path relative to what is imported.
        known_as: The built-in format it is of; None = a mapping or its columns say it all.
    """

    path: Path
    name: str
    format: str
    fillings: tuple[Filling, ...]
    known_as: Format | None = None


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A data file that is not imported, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import will read, stores first, then products and users, so that later rows find what they name."""

    files: tuple[PlannedFile, ...]
    skipped: tuple[SkippedFile, ...]

    def fills(self, table: TableSchema) -> bool:
        """Return whether any file fills the table."""
        return any(filling.table is table for file in self.files for filling in file.fillings)


def plan_import(
    path: Path,
    mapping: SourceMapping | None,
    recognise: Callable[[Path, str], Format | None] = lambda _path, _kind: None,
    only: frozenset[Path] | None = None,
) -> ImportPlan:
    """Match the files at `path`, a folder or one file, with the tables they fill.

    Args:
        recognise: Returns the built-in format a file of a kind (`csv`, `jsonl`, `parquet`) is of, asked where no
            mapping is given.
        only: The files to read; None = all of them. Others are left out as if they were not there.

    Raises:
        InputError: there is nothing to import at `path`.
        MappingError: an entry of the mapping matches no file.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist.", "Name a folder of tables, or one file.")
    folder = path if path.is_dir() else path.parent
    found = sorted(file for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())
    data = {file: kind for file in found if (kind := _format(file)) is not None and (only is None or file in only)}
    if not data:
        endings = ", ".join(FORMATS)
        raise InputError(f"{path} holds no data file.", f"Tables are files that end in {endings}.")
    if mapping is not None:
        return _by_mapping(folder, data, mapping, path, whole=only is None)
    return _by_name(folder, data, path, recognise)


def _format(file: Path) -> str | None:
    return next((kind for ending, kind in FORMATS.items() if file.name.lower().endswith(ending)), None)


def _by_name(
    folder: Path, data: dict[Path, str], path: Path, recognise: Callable[[Path, str], Format | None]
) -> ImportPlan:
    files: list[PlannedFile] = []
    skipped: list[SkippedFile] = []
    for file, kind in data.items():
        name = str(file.relative_to(folder))
        words = [part.split(".")[0].lower().replace("-", "_") for part in file.relative_to(folder).parts]
        table = next((SOURCE_TABLES[word] for word in words if word in SOURCE_TABLES), None)
        known = recognise(file, kind)
        if known is not None:
            files.append(PlannedFile(file, name, kind, tuple(Filling(table) for table in known.tables), known))
        elif table is not None:
            files.append(PlannedFile(file, name, kind, (Filling(table),)))
        elif SPLITS in words:
            skipped.append(SkippedFile(name, "is only for evaluations"))
        else:
            skipped.append(SkippedFile(name, "is not named after a table of the contract"))
    if not files:
        listed = ", ".join(SOURCE_TABLES)
        raise InputError(
            f"No file of {path} is of a known format or named after a table of the data contract "
            f"(found: {', '.join(map(_name, skipped))}).",
            f"Name files after tables ({listed}), or give a mapping with --mapping; see docs/guides/import.md.",
        )
    return ImportPlan(tuple(sorted(files, key=_rank)), tuple(skipped))


def _by_mapping(folder: Path, data: dict[Path, str], mapping: SourceMapping, path: Path, *, whole: bool) -> ImportPlan:
    files: list[PlannedFile] = []
    skipped: list[SkippedFile] = []
    for file, kind in data.items():
        name = str(file.relative_to(folder))
        entries = [entry for entry in mapping.tables if fnmatch(name, entry.files)]
        if entries:
            files.append(PlannedFile(file, name, kind, tuple(Filling(entry.table, entry) for entry in entries)))
        else:
            skipped.append(SkippedFile(name, "is named by no table of the mapping"))
    used = [filling.mapping for file in files for filling in file.fillings]
    missing = [entry.files for entry in mapping.tables if not any(entry is one for one in used)]
    if missing and ((path.is_dir() and whole) or not files):
        raise MappingError(
            f"The mapping reads {', '.join(sorted(set(missing)))}, which is not in {path}.",
            f"There is: {', '.join(str(file.relative_to(folder)) for file in data)}. Mend `from` or the folder.",
        )
    return ImportPlan(tuple(sorted(files, key=_rank)), tuple(skipped))


def _rank(file: PlannedFile) -> tuple[int, str]:
    return min(_ORDER.get(filling.table.name, _LAST) for filling in file.fillings), file.name


def _name(skipped: SkippedFile) -> str:
    return skipped.name
