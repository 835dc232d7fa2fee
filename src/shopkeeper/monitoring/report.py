"""What a look for drift found, figure by figure, for people and machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

Verdict = Literal["drift", "moved", "same", "new category", "broken feed", "insufficient data"]
Overall = Literal["drift", "broken feed", "no drift", "insufficient data"]
_ORDER: Final[tuple[Verdict, ...]] = ("broken feed", "drift", "new category", "moved", "insufficient data", "same")
_SHOWN: Final = 12
LASTING: Final = 2
"""Days a feed must be broken within a week before it is called so; a shop may be closed for one."""


@dataclass(frozen=True, slots=True)
class Found:
    """One figure beside its reference.

    Attributes:
        verdict: `drift`: large, sure, lasting, and it matters. `moved`: large and sure, but new or unimportant. `same`:
            not large, or not sure. `new category`: values nobody had before, the rest as it was. `broken feed`: what it
            is made of does not arrive. `insufficient data`: no evidence either way, which is never `no drift`.
        reason: Why, with the figures, in one sentence.
        psi: Population stability index of the newest window; None where nothing could be compared.
        threshold: What it had to pass.
        p: Chance of such a PSI if nothing had changed.
        jensen_shannon: Distance between 0 and 1 (root of the divergence, base 2).
        shift: How far numbers moved, in standard deviations of the reference (Wasserstein distance); None for text.
        windows: Consecutive windows that passed their threshold, the newest first.
        rows, reference_rows: Rows compared; of the reference, how many independent ones they are worth.
        importance: Share of the model's total importance; None where the model has none to tell.
        filled, filled_then: Share of rows with a value.
    """

    name: str
    kind: str
    verdict: Verdict
    reason: str
    psi: float | None = None
    threshold: float | None = None
    p: float | None = None
    jensen_shannon: float | None = None
    shift: float | None = None
    windows: int = 0
    rows: float = 0.0
    reference_rows: float = 0.0
    importance: float | None = None
    filled: float | None = None
    filled_then: float | None = None


@dataclass(frozen=True, slots=True)
class BrokenFeed:
    """Events that stopped coming, or a field of theirs that came empty.

    Attributes:
        source: Such as `purchase` or `purchase.price`.
        first, last: Days of the newest windows on which it was broken.
    """

    store: str
    source: str
    first: date
    last: date
    days: int

    def __str__(self) -> str:
        return f"{self.source} in {self.store}: {self.days} day(s), {self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Everything one look found.

    Attributes:
        version: The model version whose reference it was compared with.
        first, last: Days of now that were compared, UTC.
        reference_first, reference_last: Days of the reference.
        feeds: Feeds that were broken in the windows.
        notes: What else the reader should know, such as a calendar entry that says no days.
    """

    system: str
    version: str
    at: datetime
    first: date
    last: date
    reference_first: date
    reference_last: date
    found: tuple[Found, ...]
    feeds: tuple[BrokenFeed, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Overall:
        """A broken feed beats drift beats no drift; where no figure could be judged there is no evidence."""
        verdicts = {one.verdict for one in self.found}
        if self.feeds or "broken feed" in verdicts:
            return "broken feed"
        if "drift" in verdicts:
            return "drift"
        return "no drift" if verdicts - {"insufficient data"} else "insufficient data"

    @property
    def drifted(self) -> tuple[Found, ...]:
        """Figures that drifted, the furthest first."""
        return self.of("drift")

    def of(self, verdict: Verdict) -> tuple[Found, ...]:
        """Return the figures with one verdict, the furthest first."""
        chosen = [one for one in self.found if one.verdict == verdict]
        return tuple(sorted(chosen, key=lambda one: -(one.psi or 0.0)))

    def document(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "system": self.system,
            "version": self.version,
            "at": self.at.isoformat(),
            "verdict": self.verdict,
            "counts": {verdict: len(self.of(verdict)) for verdict in _ORDER},
            "window": {"first": self.first.isoformat(), "last": self.last.isoformat()},
            "reference": {"first": self.reference_first.isoformat(), "last": self.reference_last.isoformat()},
            "features": [asdict(one) for verdict in _ORDER for one in self.of(verdict)],
            "feeds": [
                {**asdict(one), "first": one.first.isoformat(), "last": one.last.isoformat()} for one in self.feeds
            ],
            "notes": list(self.notes),
        }

    def text(self) -> str:
        """Return it in words: all that asks for something, and the furthest of the rest."""
        head = f"{'feature':<42}{'verdict':<18}{'PSI':>7}{'limit':>7}{'JS':>7}{'rows':>8}{'then':>8}  why"
        lines = [
            f"{self.system} {self.version}: {self.first} to {self.last} beside {self.reference_first} to"
            f" {self.reference_last}",
            *(f"broken feed: {one}" for one in self.feeds),
            *(f"note: {note}" for note in self.notes),
            head,
        ]
        for verdict in _ORDER:
            chosen = self.of(verdict)
            shown = chosen if verdict in ("drift", "new category") else chosen[:_SHOWN]
            lines += [_line(one) for one in shown]
            if len(shown) < len(chosen):
                lines.append(f"... and {len(chosen) - len(shown)} more: {verdict} (all with --json)")
        return "\n".join([*lines, f"Verdict: {self.verdict}."])


def _line(one: Found) -> str:
    figures = "".join(
        f"{'-' if held is None else f'{held:.3f}':>7}" for held in (one.psi, one.threshold, one.jensen_shannon)
    )
    return f"{one.name:<42}{one.verdict:<18}{figures}{one.rows:>8,.0f}{one.reference_rows:>8,.0f}  {one.reason}"


def broken_feeds(holes: Mapping[tuple[str, str], frozenset[date]]) -> tuple[BrokenFeed, ...]:
    """Return feeds that were broken for more than a day, the longest first.

    A field of a type that stopped altogether is not named beside it.

    Args:
        holes: (store, source) -> days of the newest window.
    """
    lasting = {key: held for key, held in holes.items() if len(held) >= LASTING}
    listed = [
        BrokenFeed(store, source, min(held), max(held), len(held))
        for (store, source), held in lasting.items()
        if "." not in source or (store, source.partition(".")[0]) not in lasting
    ]
    return tuple(sorted(listed, key=lambda one: (-one.days, one.store, one.source)))
