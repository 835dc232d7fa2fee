"""What the server counts of itself: seconds for the control room, counters and histograms for Prometheus."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

SECONDS_KEPT = 900
VARIANTS_COUNTED = 20
"""Names of arms that are counted on their own; further ones count as `other`, so that plans cannot fill memory."""
SAMPLES_A_SECOND = 256
LATENCY_BOUNDS_MS = (0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 60.0, 100.0, 250.0, 500.0, 1000.0)


@dataclass(frozen=True, slots=True)
class Second:
    """What happened within one second.

    Attributes:
        second: Epoch second.
        p50_ms: Median time in the server, milliseconds; None without decisions.
        p99_ms: 99th percentile of the same.
    """

    second: int
    decisions: int = 0
    fallbacks: int = 0
    cached: int = 0
    errors: int = 0
    events: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What happened since the server started.

    Attributes:
        fallbacks: Reason -> decisions answered without the model.
        events: Type -> events taken.
    """

    decisions: int
    cached: int
    errors: int
    fallbacks: dict[str, int]
    events: dict[str, int]
    rejected: int
    duplicates: int


class Histogram:
    """Counts of values by upper bound, as Prometheus reads them."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return cumulative counts by upper bound, the last one `+Inf`."""
        total, rows = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            rows.append((bound, float(total)))
        return rows


@dataclass(slots=True)
class _OpenSecond:
    second: int
    decisions: int = 0
    fallbacks: int = 0
    cached: int = 0
    errors: int = 0
    events: int = 0
    samples: list[float] = field(default_factory=list)

    def closed(self) -> Second:
        times = sorted(self.samples)
        return Second(
            self.second, self.decisions, self.fallbacks, self.cached, self.errors, self.events,
            percentile(times, 0.50), percentile(times, 0.99),
        )  # fmt: skip


def percentile(times: list[float], share: float) -> float | None:
    """Return the smallest of sorted `times` that at least `share` of them do not exceed; None when there are none."""
    if not times:
        return None
    return times[max(0, -(-len(times) * round(share * 100) // 100) - 1)]


class Telemetry:
    """Counters of one server. Written by the event loop alone; bounded in memory whatever the load.

    Args:
        clock: Epoch seconds.
        seed: Seed of the choice of latency samples in a second with more than `SAMPLES_A_SECOND` decisions.
    """

    def __init__(self, clock: Callable[[], float], seed: int = 0) -> None:
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311 - chooses samples, guards nothing
        self._open = _OpenSecond(int(clock()))
        self._ring: deque[Second] = deque(maxlen=SECONDS_KEPT)
        self.decisions: Counter[tuple[str, str, str, bool]] = Counter()
        """(system, variant, fallback reason or empty, cached) -> decisions."""
        self._variants: set[str] = set()
        self.latency: dict[str, Histogram] = {}
        """System -> time in the server, milliseconds."""
        self.events: Counter[str] = Counter()
        self.rejected: Counter[tuple[str, str]] = Counter()
        """(table, reason field) -> rows not taken."""
        self.duplicates = 0
        self.errors = 0
        self.model_failures: Counter[tuple[str, str]] = Counter()
        """(system, reason) -> model calls that gave no answer."""
        self.log_sync = Histogram((0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0))
        """Time until rows were durable, milliseconds."""

    def observe(
        self,
        took_ms: float,
        fallback: str | None,
        cached: bool,
        system: str = "recommendations",
        variant: str = "champion",
    ) -> None:
        """Count one decision."""
        second = self._now()
        second.decisions += 1
        second.fallbacks += fallback is not None
        second.cached += cached
        if len(second.samples) < SAMPLES_A_SECOND:
            second.samples.append(took_ms)
        elif (place := int(self._random.random() * second.decisions)) < SAMPLES_A_SECOND:
            second.samples[place] = took_ms
        self.decisions[system, self._counted(variant), fallback or "", cached] += 1
        histogram = self.latency.get(system)
        if histogram is None:
            histogram = self.latency[system] = Histogram(LATENCY_BOUNDS_MS)
        histogram.observe(took_ms)

    def _counted(self, variant: str) -> str:
        if variant in self._variants:
            return variant
        if len(self._variants) == VARIANTS_COUNTED:
            return "other"
        self._variants.add(variant)
        return variant

    def took_events(self, types: Counter[str], duplicates: int = 0) -> None:
        """Count events taken, by type, and resent ones."""
        self._now().events += types.total()
        self.events.update(types)
        self.duplicates += duplicates

    def rejected_rows(self, table: str, reason: str, rows: int = 1) -> None:
        """Count rows that were not taken."""
        self.rejected[table, reason] += rows

    def error(self) -> None:
        """Count one request that ended in an unexpected error."""
        self._now().errors += 1
        self.errors += 1

    def seconds(self, last: int) -> list[Second]:
        """Return the newest `last` whole seconds, oldest first, with a row of zeros for each silent one."""
        now = self._now().second
        known = {row.second: row for row in islice(reversed(self._ring), last)}
        return [known.get(second) or Second(second) for second in range(now - last, now)]

    def totals(self) -> Totals:
        """Return the counts since start."""
        fallbacks: Counter[str] = Counter()
        for (_, _, reason, _), n in self.decisions.items():
            if reason:
                fallbacks[reason] += n
        return Totals(
            decisions=self.decisions.total(),
            cached=sum(n for (_, _, _, cached), n in self.decisions.items() if cached),
            errors=self.errors,
            fallbacks=dict(fallbacks),
            events=dict(self.events),
            rejected=self.rejected.total(),
            duplicates=self.duplicates,
        )

    def _now(self) -> _OpenSecond:
        """Return the second that runs now, closing the one before."""
        second = int(self._clock())
        if second != self._open.second:
            self._ring.append(self._open.closed())
            self._open = _OpenSecond(second)
        return self._open
