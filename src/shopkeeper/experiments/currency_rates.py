"""What another currency is worth in the one a house reports in, day by day: `rates.yaml` of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from shopkeeper.commerce.fields import Currency
from shopkeeper.errors import ConfigError
from shopkeeper.objectives.document import read_document, read_text
from shopkeeper.objectives.wrong import Wrong

FILE: Final = "rates.yaml"
WAY_OUT: Final = (
    f"write the rates of each into {FILE}, from 28 days before the test on, or test the stores of each alone"
)
"""What to do where amounts of several currencies would be added up."""
_GUIDE: Final = "docs/guides/experiments.md says what each key means."


class Rate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one unit of a currency is worth in the reporting currency, from a UTC day on until a later rate.

    Attributes:
        since: First UTC day on which it holds.
    """

    currency: Currency
    since: date
    rate: Annotated[float, Meta(gt=0)]


class CurrencyRates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dated rate table.

    Attributes:
        version: Of this form; always 1.
        reporting_currency: The currency everything is brought to.
        rates: In any order.
    """

    version: Annotated[int, Meta(ge=1, le=1)]
    reporting_currency: Currency
    rates: tuple[Rate, ...] = ()

    def of(self, currency: str) -> tuple[Rate, ...]:
        """Return the rates of a currency, the oldest first."""
        return tuple(sorted((one for one in self.rates if one.currency == currency), key=lambda one: one.since))

    def cover(self, currencies: Iterable[str], first: date) -> bool:
        """Say whether there is a rate of every currency on a day, and so on each later one."""
        return all(
            currency == self.reporting_currency or any(one.since <= first for one in self.of(currency))
            for currency in currencies
        )

    def worth(self, currency: str, days: Iterable[date]) -> list[float]:
        """Return what one unit of a currency is worth on some days; before its first rate as on that day.

        Raises:
            ConfigError: it has no rate.
        """
        own = self.of(currency)
        if currency != self.reporting_currency and not own:
            raise ConfigError(f"{FILE} has no rate of {currency}.", "Write one, from 28 days before the test on.")
        return [
            next((one.rate for one in reversed(own) if one.since <= day), own[0].rate if own else 1.0) for day in days
        ]

    @property
    def reach(self) -> str:
        """The reporting currency and since when each other one has a rate: another one makes other amounts."""
        first = sorted((min(one.since for one in self.of(name)), name) for name in {one.currency for one in self.rates})
        return f"{self.reporting_currency} {' '.join(f'{name} {since}' for since, name in first)}"

    def sql(self, currency: str, day: str, first: date) -> str:
        """Return SQL of what one unit of a currency is worth on a day, both columns.

        Args:
            first: A covered day; a day before it takes that day's rate.
        """
        return f"CASE{''.join(self._whens(currency, day, first))} ELSE 1e0 END"

    def _whens(self, currency: str, day: str, first: date) -> Iterator[str]:
        for name in sorted({one.currency for one in self.rates}):
            for one in reversed(self.of(name)):
                of_day = f" AND {day} >= CAST('{one.since.isoformat()}' AS DATE)" if one.since > first else ""
                yield f" WHEN {currency} = '{name}'{of_day} THEN {one.rate!r} + 0e0"
                if not of_day:
                    break


def load_rates(folder: Path) -> CurrencyRates | None:
    """Return the rates of a workspace; None without a file.

    Raises:
        ConfigError: the file cannot be read or breaks the rules; names each line, key, value and remedy.
    """
    text = read_text(folder / FILE)
    return None if text is None else read_document(CurrencyRates, text, FILE, _wrong, _GUIDE)


def _wrong(rates: CurrencyRates) -> Iterator[Wrong]:
    held: set[tuple[str, date]] = set()
    for place, one in enumerate(rates.rates):
        if one.currency == rates.reporting_currency:
            remedy = f"Leave it out: one {one.currency} is one {one.currency}."
            yield Wrong(f"rates[{place}].currency", f"is {one.currency}, the reporting currency", remedy)
        if (one.currency, one.since) in held:
            yield Wrong(f"rates[{place}]", f"is a second rate of {one.currency} from {one.since}", "Keep one of them.")
        held.add((one.currency, one.since))
