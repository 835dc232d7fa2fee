"""Sets figures beside their limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from shopkeeper.quality.report import Dimension, Finding, Offender, Status

MOST_OFFENDERS = 5


class Share(NamedTuple):
    """How many of how many."""

    part: float
    whole: float

    @property
    def figure(self) -> float | None:
        """The share; None of nothing."""
        return float(self.part / self.whole) if self.whole else None

    def __str__(self) -> str:
        return f"{int(self.part):,} of {int(self.whole):,}"


class Judge:
    """Collects the findings of one store.

    A figure of events may come twice: over all of them and over the recent ones. The recent one decides whether the
    check fails, so mended data pass once the broken days are no longer recent; what is wrong before warns.
    """

    def __init__(self, store: str, recent: str = "recently") -> None:
        """Args: recent: Names the recent days, such as `in the newest 28 days`."""
        self.store = store
        self._recent = recent
        self.findings: list[Finding] = []

    def share(
        self,
        dimension: Dimension,
        name: str,
        part: float,
        whole: float,
        limit: float,
        below: Status,
        remedy: str,
        offenders: tuple[Offender, ...] = (),
        *,
        recent: Share | None = None,
    ) -> None:
        """Judge a share that should be high; `recent` is it over the recent events."""
        found = self._share(name, Share(part, whole), recent, below, limit, remedy, at_least=True)
        self._add(dimension, found, offenders)

    def excess(
        self,
        dimension: Dimension,
        name: str,
        part: float,
        whole: float,
        limit: float,
        above: Status,
        remedy: str,
        offenders: tuple[Offender, ...] = (),
        *,
        recent: Share | None = None,
    ) -> None:
        """Judge a share that should be low; `recent` is it over the recent events."""
        found = self._share(name, Share(part, whole), recent, above, limit, remedy, at_least=False)
        self._add(dimension, found, offenders)

    def _share(
        self, name: str, ever: Share, recent: Share | None, beyond: Status, limit: float, remedy: str, *, at_least: bool
    ) -> Finding:
        figure, status = standing(
            ever.figure, None if recent is None else recent.figure, beyond,
            (lambda found: found >= limit) if at_least else (lambda found: found <= limit),
        )  # fmt: skip
        detail = str(ever)
        if recent is not None and recent.whole and recent != ever:
            detail = f"{recent} {self._recent}, {ever} in all"
        return Finding(name, self.store, status, figure, limit, at_least, "share", remedy, detail)

    def least(
        self, dimension: Dimension, name: str, figure: float, least: float, unit: str, below: Status, remedy: str
    ) -> None:
        """Judge a figure that should be high."""
        status: Status = "pass" if figure >= least else below
        self._add(dimension, Finding(name, self.store, status, float(figure), least, True, unit, remedy))

    def most(
        self,
        dimension: Dimension,
        name: str,
        figure: float | None,
        most: float,
        unit: str,
        above: Status,
        remedy: str,
        *,
        detail: str = "",
        offenders: tuple[Offender, ...] = (),
        recent: float | None = None,
    ) -> None:
        """Judge a figure that should be low; None = nothing to measure it on."""
        deciding, status = standing(figure, recent, above, lambda found: found <= most)
        rounded = None if deciding is None else round(float(deciding), 4)
        if recent is not None and figure is not None and recent != figure:
            detail = f"{recent:.2%} {self._recent}, {figure:.2%} in all; {detail}"
        found = Finding(name, self.store, status, rounded, most, False, unit, remedy, detail)
        self._add(dimension, found, offenders)

    def stated(
        self,
        dimension: Dimension,
        name: str,
        figure: float | None,
        limit: float,
        unit: str,
        status: Status,
        words: str,
    ) -> None:
        """Take a finding whose status the caller decided; `words` is its detail and remedy, split at the first `|`."""
        detail, _, remedy = words.partition("|")
        shown = None if figure is None else round(figure, 4)
        found = Finding(name, self.store, status, shown, limit, False, unit, remedy.strip(), detail.strip())
        self._add(dimension, found)

    def _add(self, dimension: Dimension, found: Finding, offenders: tuple[Offender, ...] = ()) -> None:
        plain = tuple(Offender(one.name, float(one.figure), one.detail) for one in offenders[:MOST_OFFENDERS])
        self.findings.append(found.placed(dimension, plain))


def standing(
    ever: float | None, recent: float | None, beyond: Status, within: Callable[[float], bool]
) -> tuple[float | None, Status]:
    """Return the figure that decides and how it stands.

    Args:
        ever: The figure over everything; None = nothing to measure it on.
        recent: The figure over the recent events; None = there are none, or the figure is not about events.
        beyond: How a deciding figure stands that is not within its limit.
    """
    deciding = ever if recent is None else recent
    if deciding is not None and not within(deciding):
        return deciding, beyond
    return deciding, "pass" if ever is None or within(ever) else "warn"
