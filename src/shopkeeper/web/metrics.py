"""The server's counters as Prometheus reads them, made from the telemetry at each scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from shopkeeper.serving.telemetry import Histogram
from shopkeeper.wiring.serving import Serving

BREAKER_STATES = ("closed", "half_open", "open")


class ServerCollector(Collector):
    """Yields every metric of one server; nothing is counted twice, so the hot routes pay for plain counters only."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        yield from self._decisions()
        yield from self._intake()
        yield from self._state()
        yield from self._warehouse()
        yield from self._tests()
        yield from self._prices()
        yield from self._shared()
        yield from self._others()

    def _decisions(self) -> Iterator[Metric]:
        telemetry = self._serving.telemetry
        decisions = CounterMetricFamily(
            "shopkeeper_decisions", "Answers given.", labels=["system", "variant", "fallback", "cached"]
        )
        for (system, variant, fallback, cached), n in telemetry.decisions.items():
            decisions.add_metric([system, variant, fallback, str(cached).lower()], n)
        yield decisions
        latency = HistogramMetricFamily(
            "shopkeeper_decision_milliseconds", "Time in the server per decision, ms.", labels=["system"]
        )
        for system, histogram in telemetry.latency.items():
            latency.add_metric([system], histogram.buckets(), histogram.sum)
        yield latency
        failures = CounterMetricFamily(
            "shopkeeper_model_failures", "Model calls that gave no answer.", labels=["system", "reason"]
        )
        for (system, reason), n in telemetry.model_failures.items():
            failures.add_metric([system, reason], n)
        yield failures
        admission = self._serving.admission
        yield CounterMetricFamily(
            "shopkeeper_turned_away",
            "Requests answered 503, as not even the rules could answer in time.",
            value=admission.turned_away,
        )
        yield GaugeMetricFamily("shopkeeper_requests_inside", "Requests being answered.", value=admission.inside)
        yield GaugeMetricFamily(
            "shopkeeper_answer_seconds",
            "Processor time of an answer without a model, s.",
            value=admission.answer_seconds,
        )
        yield CounterMetricFamily(
            "shopkeeper_errors", "Requests that ended in an unexpected error.", value=telemetry.errors
        )

    def _intake(self) -> Iterator[Metric]:
        telemetry = self._serving.telemetry
        events = CounterMetricFamily("shopkeeper_events", "Events taken.", labels=["type"])
        for type_, n in telemetry.events.items():
            events.add_metric([type_], n)
        yield events
        yield CounterMetricFamily(
            "shopkeeper_duplicate_events", "Events sent again and left out.", value=telemetry.duplicates
        )
        rejected = CounterMetricFamily("shopkeeper_rejected", "Rows not taken.", labels=["table", "reason"])
        for (table, reason), n in telemetry.rejected.items():
            rejected.add_metric([table, reason], n)
        yield rejected
        yield _histogram("shopkeeper_log_sync_milliseconds", "Time until rows were durable, ms.", telemetry.log_sync)

    def _state(self) -> Iterator[Metric]:
        serving = self._serving
        yield CounterMetricFamily(
            "shopkeeper_decision_log_dropped",
            "Decision records lost because their queue was full.",
            value=serving.decision_log.dropped,
        )
        breaker = GaugeMetricFamily("shopkeeper_breaker_state", "1 for the state it is in.", labels=["system", "state"])
        for state in BREAKER_STATES:
            breaker.add_metric([serving.system.name, state], float(serving.decider.breaker.state == state))
        yield breaker
        model = GaugeMetricFamily("shopkeeper_model", "1 for the version that serves.", labels=["system", "version"])
        model.add_metric([serving.system.name, serving.system.version or "none"], 1.0)
        yield model
        yield GaugeMetricFamily(
            "shopkeeper_champion_not_served",
            "1 while the version the champion pointer names cannot be opened.",
            value=float(serving.release.error is not None),
        )
        yield GaugeMetricFamily("shopkeeper_profiles", "Live profiles held.", value=len(serving.profiles))
        yield GaugeMetricFamily("shopkeeper_cached_answers", "Answers held.", value=len(serving.decider.cache))

    def _tests(self) -> Iterator[Metric]:
        serving = self._serving
        arms = serving.arms
        yield GaugeMetricFamily("shopkeeper_tests_running", "Rollouts and experiments.", value=len(arms.running))
        yield GaugeMetricFamily("shopkeeper_stop_orders", "Stop orders that hold.", value=len(arms.stops))
        yield GaugeMetricFamily(
            "shopkeeper_arms_by_rules",
            "Arms whose version or settings cannot be served, so that the rules answer.",
            value=len(serving.following.problems),
        )
        yield CounterMetricFamily(
            "shopkeeper_tests_unread",
            "Times the state database did not say what runs, so that what ran last went on.",
            value=serving.following.unread,
        )
        yield CounterMetricFamily(
            "shopkeeper_arms_unanswered",
            "Times the flag provider that assigns failed or named no arm, so that the unit was in no test.",
            value=arms.unanswered,
        )
        shadows = CounterMetricFamily(
            "shopkeeper_shadow_answers", "Requests challengers in shadow got.", labels=["system", "outcome"]
        )
        counts = serving.decider.shadows.counts if serving.decider.shadows is not None else {}
        for outcome, n in list(counts.items()):
            shadows.add_metric([serving.system.name, outcome], n)
        yield shadows
        yield CounterMetricFamily(
            "shopkeeper_shadow_log_dropped", "Shadow answers lost: queue full.", value=serving.shadow_log.dropped
        )

    def _prices(self) -> Iterator[Metric]:
        serving = self._serving
        prices = GaugeMetricFamily(
            "shopkeeper_prices", "Decided prices by what the shop made of them; alarm on mismatch.", labels=["outcome"]
        )
        for outcome, n in serving.price_book.outcomes().items():
            prices.add_metric([outcome], n)
        yield prices
        yield GaugeMetricFamily("shopkeeper_price_version", "Newest change known.", value=serving.price_book.version)
        yield CounterMetricFamily(
            "shopkeeper_prices_unread",
            "Times decided prices could not be read, so that the last good ones went on.",
            value=serving.prices.unread,
        )

    def _warehouse(self) -> Iterator[Metric]:
        figures = self._serving.analytics.figures
        yield CounterMetricFamily(
            "shopkeeper_warehouse_fallbacks",
            "Reads that the lake answered because ClickHouse did not.",
            value=figures.fallbacks,
        )
        yield CounterMetricFamily(
            "shopkeeper_warehouse_failed_loads", "Loads of the mirror that broke off.", value=figures.failed_loads
        )
        yield CounterMetricFamily("shopkeeper_warehouse_rows_sent", "Rows sent.", value=figures.rows_sent)
        if figures.behind is None:
            return
        yield GaugeMetricFamily("shopkeeper_warehouse_rows_behind", "Rows ClickHouse lacks.", value=figures.behind.rows)
        yield GaugeMetricFamily(
            "shopkeeper_warehouse_lag_seconds",
            "For how long the oldest row that ClickHouse lacks has been in the lake, s.",
            value=figures.behind.seconds,
        )

    def _shared(self) -> Iterator[Metric]:
        shared, answers = self._serving.profiles.shared, self._serving.answers
        if shared is None or answers is None:
            return
        yield GaugeMetricFamily("shopkeeper_cache_up", "1 while the shared cache answers.", value=float(shared.up))
        failures = CounterMetricFamily("shopkeeper_cache_failures", "Calls the cache did not answer.", labels=["call"])
        for call, n in shared.failures.items():
            failures.add_metric([call], n)
        yield failures
        yield CounterMetricFamily(
            "shopkeeper_cache_local_reads",
            "Profiles read from what this process holds, because the cache was away or late.",
            value=shared.unread,
        )
        yield GaugeMetricFamily(
            "shopkeeper_cache_waiting_events", "Events for the cache to come.", value=shared.waiting
        )
        yield CounterMetricFamily(
            "shopkeeper_cache_left_out_events", "Events it will not get, too many waited.", value=shared.left_out
        )
        yield CounterMetricFamily(
            "shopkeeper_cache_untold_events",
            "Events acknowledged before the cache had them, because it was away.",
            value=shared.untold,
        )
        yield CounterMetricFamily(
            "shopkeeper_cache_local_reads_behind",
            "Times such a read could not wait until all that other processes had taken counted here.",
            value=self._serving.others.unheard,
        )
        yield CounterMetricFamily(
            "shopkeeper_cache_answers_taken", "Answers other processes made.", value=answers.taken
        )

    def _others(self) -> Iterator[Metric]:
        serving = self._serving
        yield CounterMetricFamily(
            "shopkeeper_followed_rows", "Rows other serving processes took that count here.", value=serving.others.rows
        )
        yield CounterMetricFamily(
            "shopkeeper_followed_rows_not_read",
            "Rows of other serving processes that another version of Shopkeeper wrote.",
            value=serving.others.unread,
        )
        yield CounterMetricFamily(
            "shopkeeper_rows_not_yet_followed",
            "Times rows of a keyed table were acknowledged before another serving process had read them.",
            value=serving.log.unread,
        )


def _histogram(name: str, text: str, histogram: Histogram) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text)
    family.add_metric([], histogram.buckets(), histogram.sum)
    return family
