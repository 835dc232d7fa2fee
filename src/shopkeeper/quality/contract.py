"""The data contract of a store: what it promises about its data, as a file that people write.

`contract_file` reads one, `contract_checks` compiles it to SQL, `row_rules` to the judge of single rows at intake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.missing_policy import MissingPolicy

Level = Literal["warn", "fail"]
PIECES = "pieces"
SHARE = "share"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What one column of one table must hold.

    Attributes:
        required: Least share of rows that fill it; None = it may be empty.
        least: Smallest number allowed.
        most: Largest number allowed.
        choices: The only values allowed; empty = any.
        unit: `pieces` (whole numbers), `share` (0 to 1), a currency code (then the row's `currency` must be it), or
            a word for people.
        broken: Largest share of rows that may break it.
        level: What a check says where more do.
        reject: Rows that break it go to quarantine at intake; else they come in and are counted.
        missing: What is done where it is empty; None = what is built in.
        means: What an empty one means, in words for people.
    """

    table: str
    column: str
    required: float | None = None
    least: float | None = None
    most: float | None = None
    choices: tuple[str | float, ...] = ()
    unit: str = ""
    broken: float = 0.0
    level: Level = "fail"
    reject: bool = True
    missing: MissingPolicy | None = None
    means: str = ""

    @property
    def currency(self) -> str:
        """The currency the unit names; empty where it names none."""
        return self.unit if len(self.unit) == 3 and self.unit.isupper() else ""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The smallest and the largest number allowed; None where any is."""
        least, most = self.least, self.most
        if self.unit == SHARE:
            least, most = max(0.0, least or 0.0), min(1.0, 1.0 if most is None else most)
        if least is None and most is None:
            return None
        return (-1e300 if least is None else least), (1e300 if most is None else most)


@dataclass(frozen=True, slots=True)
class UniqueRule:
    """Columns whose values together come once; rows with one of them empty are left out."""

    table: str
    columns: tuple[str, ...]
    broken: float = 0.0
    level: Level = "fail"


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """A column that names a row of another table, by a column of that table."""

    table: str
    column: str
    other: str
    target: str
    least: float = 0.95
    level: Level = "fail"


@dataclass(frozen=True, slots=True)
class DataContract:
    """One store's contract.

    Attributes:
        digest: SHA-256 over what the file says, keys sorted; stored with every verdict.
        quarantined: Whether the file itself limits the share of rejected rows.
    """

    digest: str
    limits: QualityLimits
    fields: tuple[FieldRule, ...] = ()
    unique: tuple[UniqueRule, ...] = ()
    references: tuple[ReferenceRule, ...] = ()
    quarantined: bool = False


Contracts = Mapping[str, DataContract]
"""Store -> its contract."""
