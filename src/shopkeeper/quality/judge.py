"""Sets figures beside their limits."""

from __future__ import annotations

from shopkeeper.quality.report import Dimension, Finding, Offender, Status

MOST_OFFENDERS = 5


class Judge:
    """Collects the findings of one store."""

    def __init__(self, store: str) -> None:
        self.store = store
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
    ) -> None:
        """Judge a share that should be high."""
        figure = float(part / whole) if whole else None
        status: Status = "pass" if figure is None or figure >= limit else below
        self._add(dimension, self._share(name, part, whole, status, limit, remedy, at_least=True), offenders)

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
    ) -> None:
        """Judge a share that should be low."""
        figure = float(part / whole) if whole else None
        status: Status = "pass" if figure is None or figure <= limit else above
        self._add(dimension, self._share(name, part, whole, status, limit, remedy, at_least=False), offenders)

    def _share(
        self, name: str, part: float, whole: float, status: Status, limit: float, remedy: str, *, at_least: bool
    ) -> Finding:
        figure = float(part / whole) if whole else None
        detail = f"{int(part):,} of {int(whole):,}"
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
    ) -> None:
        """Judge a figure that should be low; None = nothing to measure it on."""
        status: Status = "pass" if figure is None or figure <= most else above
        rounded = None if figure is None else round(float(figure), 4)
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
