"""Do the parts fit each other? Identities, references, currencies, ratings, category paths, time zones, prices."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.store import Store
from shopkeeper.quality.judge import Judge, Share
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.local_days import local, zone_of
from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.reading import EVER, Row, query
from shopkeeper.quality.report import Offender

MAX_LEVELS: Final = 8
FEWEST_PRICES: Final = 10
"""Prices a category must have before one can be an outlier."""
FEWEST_RATINGS: Final = 20
"""Ratings of which none is above one star before that says something of the scale."""
MOST_OFF_SCALE: Final = 0.01
"""Share of ratings that may be off the scale."""
FEWEST_EVENTS: Final = 500
"""Events a time zone is judged on."""
MOST_REPEATED: Final = 0.01
"""Share of events that may say within one second what another said; people do click twice."""
DAY_CENTRE: Final = (9.0, 23.0)
"""Local hours between which the middle of a store's day lies; people sleep at night."""


def identities(
    judge: Judge, strangers: tuple[Row, Row], doubled: Row, events: int, warehouse: Warehouse, most: QualityLimits
) -> None:
    """Judge whether events name known products and came once.

    Args:
        strangers: Rows of `unknown_products`, over all events and over the recent ones.
    """
    unknown, recent = strangers
    named, lost = unknown.get("events", 0), unknown.get("unknown_events", 0)
    newest = Share(recent.get("events", 0) - recent.get("unknown_events", 0), recent.get("events", 0))
    offenders: tuple[Offender, ...] = ()
    if lost:
        rows = warehouse.fetch(query("unknown_products_worst"), store=judge.store)
        offenders = tuple(
            Offender(str(product), float(times), f"{int(times):,} events")
            for product, times in zip(rows["product"], rows["events"], strict=True)
        )
    judge.share(
        "consistency", "events whose product is known", named - lost, named, most.required, "fail",
        f"Import the {int(unknown.get('unknown_products', 0)):,} missing products; nothing unknown is recommended.",
        offenders, recent=newest,
    )  # fmt: skip
    judge.excess(
        "consistency", "events that came twice", doubled.get("doubled", 0), events, most.doubled, "warn",
        "Give each event an `event_id` that stays the same when it is sent again.",
    )  # fmt: skip
    again = warehouse.fetch(query("event_repeats"), store=judge.store)
    judge.excess(
        "consistency", "events that came again under another id", float(again["repeated"][0]),
        float(again["events"][0]), MOST_REPEATED, "warn",
        "Send `event_id`, or a `page_view_id` in properties; the view `distinct_events` has each of them once.",
    )  # fmt: skip


def references(judge: Judge, warehouse: Warehouse, limits: QualityLimits) -> None:
    """Judge whether prices, inventory and orders name known products and users."""
    rows = warehouse.fetch(query("strangers"), store=judge.store)
    held, lost = rows["held"].astype(float), rows["held"].astype(float) * rows["unknown"].astype(float)
    worst = np.argsort(-lost, kind="stable")[:5]
    judge.share(
        "consistency", "rows of prices, inventory and orders whose product or user is known",
        float(held.sum() - lost.sum()), float(held.sum()), limits.required, "warn",
        "Import the products and users these rows name.",
        tuple(
            Offender(f"{rows['source'][at]}: {rows['thing'][at]}", lost[at], f"{int(lost[at]):,} rows")
            for at in worst
            if lost[at]
        ),
    )  # fmt: skip


def currencies(judge: Judge, warehouse: Warehouse, store: Store, since: datetime, limits: QualityLimits) -> None:
    """Judge whether prices are in the currency of the store; those of the catalogue are recent whatever their age."""
    rows = warehouse.fetch(query("foreign_currencies"), store=judge.store, since=EVER)
    priced, foreign = rows["priced"].astype(float), _foreign(rows, store)
    newest = warehouse.fetch(query("foreign_currencies"), store=judge.store, since=since)
    newest_priced = newest["priced"].astype(float)
    judge.excess(
        "consistency", f"prices that are not in {store.currency}", float(priced[foreign].sum()), float(priced.sum()),
        limits.foreign_currency, "fail",
        f"Send prices in {store.currency}, or declare the store's `currency`; sums over two currencies mean nothing.",
        tuple(
            Offender(f"{rows['source'][at]}: {rows['currency'][at]}", priced[at], f"{int(priced[at]):,} rows")
            for at in np.argsort(-priced, kind="stable")
            if foreign[at]
        ),
        recent=Share(float(newest_priced[_foreign(newest, store)].sum()), float(newest_priced.sum())),
    )  # fmt: skip


def ratings(judge: Judge, warehouse: Warehouse, store: Store, since: datetime) -> None:
    """Judge whether ratings are in stars from 1 to 5; a store without ratings is not judged.

    Where many came and none is above 1, thumbs or shares are meant: each would count as one star.
    """
    ever, recent = (_off_scale(warehouse, store, moment) for moment in (EVER, since))
    if not ever.whole:
        return
    judge.excess(
        "consistency", "ratings that are not of 1 to 5 stars", ever.part, ever.whole, MOST_OFF_SCALE, "fail",
        "Bring `value` of events of type `rating` to 1 to 5 before they come in, 3 being the middle: thumbs are "
        "1 and 5, of 1 to 10 take the half, of 0 to 100 take 1 + value / 25. Below 3 counts as a dismissal.",
        recent=recent,
    )  # fmt: skip


def _off_scale(warehouse: Warehouse, store: Store, since: datetime) -> Share:
    row = warehouse.fetch(query("rating_scale"), store=store.store, since=since)
    rated, above, highest = (float(row[name][0]) for name in ("rated", "above", "highest"))
    return Share(rated if rated >= FEWEST_RATINGS and highest <= 1.0 else above, rated)


def _foreign(rows: Row, store: Store) -> npt.NDArray[np.bool_]:
    return np.array([name != store.currency for name in rows["currency"]], dtype=np.bool_)


def categories(judge: Judge, warehouse: Warehouse, limits: QualityLimits) -> None:
    """Judge whether category paths are well formed and spelled one way."""
    rows = warehouse.fetch(query("category_paths"), store=judge.store)
    products: Counter[str] = Counter()
    for text, count in zip(rows["categories"], rows["products"], strict=True):
        for path in set(msgspec.json.decode(text, type=list[str])):
            products[path] += int(count)
    wrong = wrong_paths(products)
    judge.excess(
        "consistency", "category paths that are malformed or spelled two ways",
        sum(products[path] for path in wrong), products.total(), limits.bad_paths, "warn",
        "Write each path one way, as `a > b > c`, without empty levels.",
        tuple(
            Offender(path, products[path], f"{products[path]:,} products; {wrong[path]}")
            for path in sorted(wrong, key=lambda path: (-products[path], path))
        ),
    )  # fmt: skip


def wrong_paths(products: Mapping[str, int]) -> dict[str, str]:
    """Return every path that is malformed, or the rarer spelling of another, with why.

    Args:
        products: Path -> products that have it.
    """
    wrong: dict[str, str] = {}
    spellings: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path in products:
        levels = [level.strip() for level in path.split(">")]
        if not all(levels):
            wrong[path] = "an empty level"
        elif len(levels) > MAX_LEVELS:
            wrong[path] = f"{len(levels)} levels, at most {MAX_LEVELS}"
        else:
            spellings[tuple(" ".join(level.lower().split()) for level in levels)].append(path)
    for same in spellings.values():
        usual = min(same, key=lambda path: (-products[path], path))
        wrong.update({path: f"elsewhere spelled {usual!r}" for path in same if path != usual})
    return wrong


def time_zone(judge: Judge, hours: npt.NDArray[Any], counts: npt.NDArray[Any], store: Store) -> None:
    """Judge whether the middle of the store's day lies in waking hours of its time zone."""
    zone = zone_of(store.time_zone)
    clock = np.array([local(hour, zone).hour + 0.5 for hour in hours])
    weights = counts.astype(float)
    centre, strength = day_centre(clock, weights)
    known = weights.sum() >= FEWEST_EVENTS and strength >= 0.1
    outside = max(0.0, DAY_CENTRE[0] - centre, centre - DAY_CENTRE[1]) if known else None
    judge.most(
        "consistency", "hours by which the day lies at night", outside, 0.0, "hours", "warn",
        f"Check `time_zone` of the store ({store.time_zone}) and whether the source writes local times or UTC.",
        detail=f"the middle of the day is {int(centre):02d}:{int(centre % 1 * 60):02d} local" if known else "",
    )  # fmt: skip


def day_centre(clock: npt.NDArray[Any], weights: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the circular mean of hours of the day, 0 to 24, and its resultant length, 0 (spread) to 1 (one hour)."""
    if not weights.size or not weights.sum():
        return 0.0, 0.0
    angle = clock / 24 * 2 * math.pi
    x, y = float((weights * np.cos(angle)).sum()), float((weights * np.sin(angle)).sum())
    return math.atan2(y, x) / (2 * math.pi) * 24 % 24, math.hypot(x, y) / float(weights.sum())


def prices(judge: Judge, warehouse: Warehouse, limits: QualityLimits) -> None:
    """Judge how many prices lie far from those of their category.

    Robust z of the log price within the main category: `0.6745 * (x - median) / MAD` (Iglewicz and Hoaglin, 1993).
    """
    rows = warehouse.fetch(query("catalogue_prices"), store=judge.store)
    asked = rows["price"].astype(float)
    groups = np.array([main_category(text) for text in rows["categories"]], dtype=object)
    z = robust_z(np.log(asked), groups)
    odd = np.flatnonzero(np.abs(z) > limits.price_z)
    worst = odd[np.argsort(-np.abs(z[odd]), kind="stable")]
    judge.excess(
        "consistency", "products whose price is far from their category's", float(odd.size), float(asked.size),
        limits.price_outliers, "warn", "Look at the prices below: a wrong unit, a shifted decimal, a test product.",
        tuple(
            Offender(
                str(rows["product"][at]), float(z[at]),
                f"{asked[at]:,.2f}, robust z {z[at]:.1f}" + (f" in {groups[at]}" if groups[at] else ""),
            )
            for at in worst[:5]
        ),
    )  # fmt: skip


def robust_z(values: npt.NDArray[Any], groups: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return `0.6745 * (x - median) / MAD` within each group; 0 where a group is small or all of one value."""
    z = np.zeros(values.size)
    for group in set(groups.tolist()):
        inside = np.flatnonzero(groups == group)
        if inside.size < FEWEST_PRICES:
            continue
        apart = values[inside] - np.median(values[inside])
        spread = float(np.median(np.abs(apart)))
        if spread > 0:
            z[inside] = 0.6745 * apart / spread
    return z


def main_category(text: object) -> str:
    """Return the first level of the first path of a category list, as the lake holds it; empty without one."""
    if not isinstance(text, str) or text == "[]":
        return ""
    paths = msgspec.json.decode(text, type=list[str])
    return paths[0].split(">")[0].strip() if paths else ""
