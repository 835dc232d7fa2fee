"""How well texts are written, from what was kept: first passes, what people made of them, what escaped, time, money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

from shopkeeper.content.kept import PieceKey, Step, Version
from shopkeeper.content.markup import without_markup
from shopkeeper.content.people_time import TimedJudgements, TimeSaved, time_saved
from shopkeeper.experiments.proportions import agresti_caffo, wilson

FEWEST: Final = 30
"""Texts on each side from which on two ways of writing are compared."""
TIME_GOAL: Final = 0.7
_ALPHA: Final = 0.05


class Seen(NamedTuple):
    """One step with the text and the version it was about, and the main category of its product (empty = unknown)."""

    key: PieceKey
    step: Step
    version: Version
    category: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95% interval (Wilson); None where nothing was counted."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """Tenth, middle and nine-tenth value; None with fewer than two values."""

    n: int
    low: float | None
    middle: float | None
    high: float | None


class Spreads(NamedTuple):
    """How even the texts of one field and locale are within a category: characters and reading ease."""

    length: Spread
    ease: Spread


@dataclass(frozen=True, slots=True)
class Drift:
    """The newest way of writing in a locale and wording against the one before it.

    Attributes:
        what: `first_pass` or `acceptance`.
        wording: Empty = the house's own.
        way: The newest: versions of its prompt, words and rules.
        difference: New minus old share.
        low, high: 95% interval (Agresti and Caffo).
        alert: The interval is all below 0.
    """

    what: str
    writer: str
    locale: str
    wording: str
    way: str
    old: int
    new: int
    difference: float
    low: float
    high: float
    alert: bool


@dataclass(frozen=True, slots=True)
class ContentReport:
    """What a period's texts came to.

    Attributes:
        written: Versions by jobs.
        first_pass: Of those, whose first draft passed the verifier.
        repaired: Mended, or without their failing sentences.
        fallback: Written by the realiser because a model's drafts did not hold.
        acceptance: Of texts a person judged, those taken as they were.
        edited_words: Mean share of words that edits changed.
        escaped: Of texts that a rule had approved and a person looked over, those edited or rejected.
        seconds_per_accepted: Time people looked at texts over texts they accepted or typed, of judgements that were
            timed; None where none was.
        time_saved: Against typing by hand; None where either is not measured.
        dollars_per_accepted: What all versions cost over texts approved or typed.
        length, ease: Spread by text and locale, in characters and reading ease.
        by_category: The same within each category, by category, then text and locale.
    """

    written: int
    first_pass: Share
    repaired: Share
    fallback: Share
    acceptance: Share
    edits: int
    rejections: int
    edited_words: float | None
    escaped: Share
    seconds_per_accepted: float | None
    time_saved: TimeSaved | None
    dollars: float
    dollars_per_accepted: float | None
    length: Mapping[str, Spread]
    ease: Mapping[str, Spread]
    by_category: Mapping[str, Mapping[str, Spreads]]
    drift: tuple[Drift, ...]

    @property
    def alerts(self) -> tuple[Drift, ...]:
        """Where the newest way of writing is worse than the one before."""
        return tuple(one for one in self.drift if one.alert)

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        found = asdict(self)
        for category, names in self.by_category.items():
            found["by_category"][category] = {
                name: {"length": asdict(one.length), "ease": asdict(one.ease)} for name, one in names.items()
            }
        return found


def content_report(seen: Iterable[Seen], typing_seconds: float = 0.0, goal: float = TIME_GOAL) -> ContentReport:
    """Return what texts came to.

    Args:
        seen: Steps in the order they were done.
        typing_seconds: What a text takes to type by hand; 0 = not measured.
        goal: Share of that time to be saved.
    """
    sums = _Sums()
    for one in seen:
        sums.add(one)
    accepted = sums.acts["approve"] + sums.acts["edit"]
    gone_out = accepted + sums.by_rule
    judged = accepted + sums.acts["reject"]
    return ContentReport(
        written=sums.written,
        first_pass=share_of(sums.first, sums.written),
        repaired=share_of(sums.repaired, sums.written),
        fallback=share_of(sums.fallback, sums.written),
        acceptance=share_of(sums.acts["approve"], judged),
        edits=sums.acts["edit"],
        rejections=sums.acts["reject"],
        edited_words=sum(sums.edited) / len(sums.edited) if sums.edited else None,
        escaped=share_of(sums.escaped, sums.audited),
        seconds_per_accepted=sums.timed.a_text(),
        time_saved=time_saved(sums.timed, typing_seconds, goal),
        dollars=sums.dollars,
        dollars_per_accepted=sums.dollars / gone_out if gone_out else None,
        length={name: spread_of(values) for name, values in sorted(sums.lengths.items())},
        ease={name: spread_of(values) for name, values in sorted(sums.eases.items())},
        by_category=_by_category(sums.shelves),
        drift=tuple(_drift("first_pass", sums.passes) + _drift("acceptance", sums.accepts)),
    )


def share_of(count: int, of: int) -> Share:
    """Return a share with its interval."""
    if not of:
        return Share(count, of, None, None, None)
    low, high = wilson(count, of, _ALPHA)
    return Share(count, of, count / of, low, high)


def spread_of(values: Sequence[float]) -> Spread:
    """Return tenth, middle and nine-tenth value."""
    if len(values) < 2:
        return Spread(len(values), None, None, None)
    tenths = quantiles(values, n=10, method="inclusive")
    return Spread(len(values), tenths[0], median(values), tenths[-1])


Counts = dict[str, list[int]]
"""Way of writing -> how many did well, how many there were; in the order they were first seen."""
Group = tuple[str, str, str]
"""Writer, locale, wording: words and rules are of a language, so ways are compared within one."""


def _by_category(shelves: Mapping[tuple[str, str], _Values]) -> dict[str, dict[str, Spreads]]:
    found: dict[str, dict[str, Spreads]] = {}
    for (category, name), values in sorted(shelves.items()):
        found.setdefault(category, {})[name] = Spreads(spread_of(values.lengths), spread_of(values.eases))
    return found


@dataclass(slots=True)
class _Values:
    lengths: list[float] = field(default_factory=list)
    eases: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Sums:
    written: int = 0
    first: int = 0
    repaired: int = 0
    fallback: int = 0
    by_rule: int = 0
    audited: int = 0
    escaped: int = 0
    dollars: float = 0.0
    timed: TimedJudgements = field(default_factory=TimedJudgements)
    acts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    edited: list[float] = field(default_factory=list)
    lengths: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    eases: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    shelves: dict[tuple[str, str], _Values] = field(default_factory=lambda: defaultdict(_Values))
    passes: dict[Group, Counts] = field(default_factory=lambda: defaultdict(dict))
    accepts: dict[Group, Counts] = field(default_factory=lambda: defaultdict(dict))

    def add(self, one: Seen) -> None:
        step = one.step
        if step.act == "write":
            self._written(one)
        elif step.act == "approve" and not step.person:
            self.by_rule += 1
        elif step.person and step.act in {"approve", "edit", "reject"}:
            self._judged(one)

    def _written(self, one: Seen) -> None:
        version, name = one.version, f"{one.key.field} {one.key.locale}"
        first = version.passed and not version.reasons
        self.written += 1
        self.first += first
        self.repaired += version.exit in {"repaired", "sentence_dropped"}
        self.fallback += version.exit == "realiser" and bool(version.reasons)
        self.dollars += version.cost
        length, shelf = len(" ".join(without_markup(version.text).split())), self.shelves[one.category, name]
        self.lengths[name].append(length)
        shelf.lengths.append(length)
        if version.ease is not None:
            self.eases[name].append(version.ease)
            shelf.eases.append(version.ease)
        _count(self.passes, one, well=first)

    def _judged(self, one: Seen) -> None:
        step = one.step
        self.acts[step.act] += 1
        if step.seconds is not None:
            self.timed.add(step.seconds, accepted=step.act != "reject")
        if step.edited is not None:
            self.edited.append(step.edited)
        if step.audited:
            self.audited += 1
            self.escaped += step.act != "approve"
        _count(self.accepts, one, well=step.act == "approve")


def _count(counts: dict[Group, Counts], one: Seen, *, well: bool) -> None:
    version = one.version
    way = f"{version.prompt} {version.words} {version.rules}"
    found = counts[version.writer, one.key.locale, one.key.wording].setdefault(way, [0, 0])
    found[0] += well
    found[1] += 1


def _drift(what: str, counts: Mapping[Group, Counts]) -> list[Drift]:
    """Compare the newest way of each writer in each locale with the one before, where both have enough texts."""
    found = []
    for group, ways in sorted(counts.items()):
        enough = [(way, well, of) for way, (well, of) in ways.items() if of >= FEWEST]
        if len(enough) < 2:
            continue
        (_, old_well, old), (way, new_well, new) = enough[-2:]
        low, high = agresti_caffo(new_well, new, old_well, old, _ALPHA)
        found.append(Drift(what, *group, way, old, new, new_well / new - old_well / old, low, high, alert=high < 0))
    return found
