"""Numbers and measures as a language writes them: 1,234.5 cm is 1.234,5 cm, 1 234,5 cm with its own spaces.

Source of separators, spaces and unit words: Unicode CLDR for en, de, fr, es, compared with Babel 2.18 when written. One
departure: numbers below 10,000 are not grouped, as attributes mostly write them (1920 x 1200, 7200 rpm).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shopkeeper.content.reading import Measure, Reading

_GROUPED_FROM = 10_000
_GLUED = frozenset({"°", "′", "″"})


@dataclass(frozen=True, slots=True)
class Numerals:
    """How a language writes numbers.

    Attributes:
        decimal, group: Marks of decimals and thousands.
        unit_space: What stands between number and unit.
        percent, range, times: Patterns of `{n}`, `{low} {high}`, and the sign between sides.
        units: Symbol -> unit for one and for several, where the language does not write the symbol itself.
        dative_units: Units after a preposition that takes the dative (German: innerhalb von 30 Tagen).
        one_below: Numbers below take the singular: 2 in French (1,5 pouce), elsewhere only 1 does.
    """

    decimal: str
    group: str
    unit_space: str
    percent: str
    range: str
    times: str
    units: Mapping[str, tuple[str, str]]
    dative_units: Mapping[str, str]
    bounds: Mapping[str, str]
    one_below: float = 0.0

    def number(self, value: float) -> str:
        """A number without unit; as exact as the record, never rounded."""
        whole, _, rest = f"{abs(value):.9f}".rstrip("0").rstrip(".").partition(".")
        if abs(value) >= _GROUPED_FROM:
            head = len(whole) % 3
            groups = ([whole[:head]] if head else []) + [whole[at : at + 3] for at in range(head, len(whole), 3)]
            whole = self.group.join(groups)
        return f"{'-' if value < 0 else ''}{whole}{self.decimal + rest if rest else ''}"

    def measure(self, measure: Measure, kind: str, case: str = "") -> str:
        """Numbers with their unit.

        Args:
            measure: The numbers.
            kind: `number`, `range` or `dimensions` (a reading's kind).
            case: `dat` for German units after a preposition with the dative.
        """
        numbers = [self.number(number) for number in measure.numbers]
        if kind == "range" and measure.unit in _GLUED:  # -15° to 15°
            return self.range.format(low=numbers[0] + measure.unit, high=numbers[-1] + measure.unit)
        if kind == "range":
            body = self.range.format(low=numbers[0], high=numbers[-1])
        elif kind == "dimensions":
            body = self.times.join(numbers)
        else:
            body = numbers[0]
        return self.united(body, measure.unit, measure.numbers[-1], case)

    def united(self, body: str, unit: str, value: float, case: str = "") -> str:
        """A text of numbers with the unit that fits the last of them."""
        if not unit:
            return body
        if unit == "%":
            return self.percent.format(n=body)
        one = abs(value) == 1 or abs(value) < self.one_below
        forms = self.units.get(unit, (unit, unit))
        word = forms[0] if one else self.dative_units.get(unit, forms[1]) if case == "dat" else forms[1]
        return f"{body}{'' if word in _GLUED else self.unit_space}{word}"

    def reading(self, reading: Reading, case: str = "") -> str:
        """A number, range or dimensions, with its bound and what the record says in brackets."""
        if reading.measure is None:
            return reading.text
        text = self.measure(reading.measure, reading.kind, case)
        if reading.also is not None:
            text += f" ({self.measure(reading.also, 'range' if len(reading.also.numbers) == 2 else 'number')})"
        return self.bounds[reading.bound].format(value=text) if reading.bound else text


def numerals(row: Mapping[str, object], units: Mapping[str, Sequence[str]], dative: Mapping[str, str],
             joins: Mapping[str, str], language: str) -> Numerals:  # fmt: skip
    """Read the sections `numbers`, `units`, `dative_units` and `joins` of a language's table."""
    marks = {name: str(row[name]) for name in ("decimal", "group", "unit_space", "percent", "range", "times")}
    return Numerals(
        **marks,
        units={symbol: (forms[0], forms[1]) for symbol, forms in units.items()},
        dative_units=dative,
        bounds={bound: joins[bound] for bound in ("max", "min", "about")},
        one_below=2.0 if language == "fr" else 0.0,
    )
