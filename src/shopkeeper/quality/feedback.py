"""Does what was decided come back? Impressions of decisions, and clicks and purchases that name them.

Without it no experiment can be judged: an arm whose page does not report looks worse than it is.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from shopkeeper.quality.judge import Judge
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.reading import query
from shopkeeper.quality.report import Offender

WINDOW_DAYS: Final = 28
FEWEST: Final = 20
"""Rows a surface and arm must have to be judged."""
SETTLE: Final = timedelta(minutes=30)
"""How long a decision may wait for its impressions before it counts as unreported."""


def feedback(judge: Judge, warehouse: Warehouse, now: datetime, limits: QualityLimits) -> None:
    """Judge the loop of the last 28 days, over all and per surface."""
    since, until = now - timedelta(days=WINDOW_DAYS), now - SETTLE
    decided = warehouse.fetch(query("feedback_decisions"), store=judge.store, since=since, until=until)
    clicks = warehouse.fetch(query("feedback_clicks"), store=judge.store, since=since)
    bought = warehouse.fetch(query("feedback_purchases"), store=judge.store, since=since)
    surfaces = {str(name) for name in decided["surface"]}
    deciding = np.array([str(name) in surfaces for name in clicks["surface"]], dtype=bool)
    clicks = {name: values[deciding] for name, values in clicks.items()}
    _loop(judge, "decisions whose impressions came back", decided, ("decisions", "reported"), limits.reported)
    clicks["variant"][:] = ""  # a click that names no decision has no arm, so clicks are judged by surface alone
    _loop(judge, "clicks that carry their decision", clicks, ("clicks", "led"), limits.click_decisions)
    carried = "purchases after a click that carry its decision"
    _loop(judge, carried, bought, ("purchases", "led"), limits.purchase_decisions)


def silent_surfaces(offenders: tuple[Offender, ...]) -> tuple[str, ...]:
    """Return the surfaces named by the worst of a feedback finding."""
    return tuple(dict.fromkeys(offender.name.partition(",")[0].removeprefix("surface ") for offender in offenders))


def _loop(judge: Judge, name: str, rows: dict[str, Any], columns: tuple[str, str], limit: float) -> None:
    """Judge one figure over all, and on the page where it is worst: its experiments are lost whatever the others do."""
    total, back = rows[columns[0]].astype(float), rows[columns[1]].astype(float)
    cells = _cells(rows, total, back)
    low = tuple(cell for cell in cells if cell.figure < limit)
    pages = ", ".join(silent_surfaces(low))
    ask = "send `decision_id` and `surface` of the answer with every impression, click, cart and purchase."
    remedy = f"The page {pages} does not report back: {ask}" if pages else ask.capitalize()
    judge.share("feedback", name, back.sum(), total.sum(), limit, "warn", remedy, low)
    if cells:
        judge.share("feedback", f"{name}, on the worst page", cells[0].figure, 1.0, limit, "warn", remedy, low)


def _cells(rows: dict[str, Any], total: Any, back: Any) -> tuple[Offender, ...]:  # noqa: ANN401 - numpy columns
    """Return every surface and arm with enough rows and its worst day, the lowest share first."""
    days: dict[tuple[str, str], list[tuple[float, float, str]]] = defaultdict(list)
    for at, surface in enumerate(rows["surface"]):
        key = (str(surface) or "(unnamed)", str(rows["variant"][at]))
        days[key].append((float(total[at]), float(back[at]), str(rows["day"][at].astype("datetime64[D]"))))
    found: list[Offender] = []
    for (surface, arm), cells in days.items():
        whole, part = sum(cell[0] for cell in cells), sum(cell[1] for cell in cells)
        if whole >= FEWEST:
            low = min(cells, key=lambda cell: (cell[1] / cell[0], -cell[0]))
            detail = f"{int(part):,} of {int(whole):,}; worst day {low[2]} with {int(low[1]):,} of {int(low[0]):,}"
            name = f"surface {surface}, arm {arm}" if arm else f"surface {surface}"
            found.append(Offender(name, part / whole, detail))
    return tuple(sorted(found, key=lambda cell: (cell.figure, cell.name)))
