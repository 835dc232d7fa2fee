"""Where passing ends, for every figure of a data quality check."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class AgeLimit:
    """How old the newest row of a source may be, seconds; None = any age.

    Attributes:
        needed: The source must have come at least once.
    """

    warn: float | None = None
    error: float | None = None
    needed: bool = False


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Shares lie between 0 and 1. Where a limit of a required figure is not met a check fails, of others it warns.

    Attributes:
        recent_days: Newest days of events that decide whether a figure fails; of all before them it only warns.
        required: Least share of filled required fields.
        recommended: Least share of filled recommended fields.
        known_users: Least share of events with a signed-in user.
        coverage: Least share of active products with each of price, stock, image, title and category.
        received: Least share of the ledger's orders that purchase events name.
        on_time: Least share of recent events that came within `on_time_seconds` of happening.
        doubled: Largest share of events that came twice.
        quarantined: Largest share of rejected rows.
        gap_days: Longest run of days without an event.
        tolerance: Largest relative distance between purchase events and the ledger, count and money, over all and
            on one day.
        accurate_days: Least share of days within the tolerance.
        ages: Source -> how old it may be; sources are tables, or `events.TYPE`.
        foreign_currency: Largest share of prices in a currency that is not the store's.
        bad_paths: Largest share of products with a malformed category path.
        price_z: Robust z of a log price beyond which it is an outlier.
        price_outliers: Largest share of products with an outlying price.
        volume_k: Half width of the volume bounds, in robust standard deviations.
        reported: Least share of decisions whose impressions came back.
        click_decisions: Least share of clicks on deciding surfaces that carry a decision_id.
        purchase_decisions: Least share of purchases after such a click that carry a decision_id.
    """

    recent_days: float = 28.0
    required: float = 0.95
    recommended: float = 0.95
    known_users: float = 0.5
    coverage: float = 0.95
    received: float = 0.95
    on_time: float = 0.95
    on_time_seconds: float = DAY
    doubled: float = 0.001
    quarantined: float = 0.05
    gap_days: float = 7.0
    tolerance: float = 0.01
    accurate_days: float = 0.95
    ages: dict[str, AgeLimit] = field(default_factory=lambda: {"events": AgeLimit(warn=2 * DAY)})
    foreign_currency: float = 0.0
    bad_paths: float = 0.01
    price_z: float = 5.0
    price_outliers: float = 0.01
    volume_k: float = 4.0
    reported: float = 0.8
    click_decisions: float = 0.95
    purchase_decisions: float = 0.8
