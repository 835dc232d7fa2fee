"""The counters of several workers in one scrape: each sample names its worker, so that nothing is counted for another.

Sums are for Prometheus (`sum by (type) (rate(shopkeeper_events_total[5m]))`): a worker that was started again counts
from zero, which it knows how to read from one series, and nobody could from a sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class Family(Struct, frozen=True, array_like=True):
    """One metric of one worker.

    Attributes:
        samples: Name, labels and value of each.
    """

    name: str
    text: str
    kind: str
    samples: list[tuple[str, dict[str, str], float]]


def families_of(collector: Collector) -> list[Family]:
    """Return the metrics of one worker as they are told to another."""
    return [
        Family(metric.name, metric.documentation, metric.type, [(s.name, s.labels, s.value) for s in metric.samples])
        for metric in collector.collect()
    ]


class WorkersCollector(Collector):
    """Yields the metrics of all workers, each sample with its `worker`.

    Args:
        families: What the workers said that answered, by their number.
    """

    def __init__(self, families: Mapping[int, Sequence[Family]], workers: int) -> None:
        self._families = families
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        up = GaugeMetricFamily("shopkeeper_worker_up", "1 for a worker that answers.", labels=["worker"])
        for number in range(1, self._workers + 1):
            up.add_metric([str(number)], float(number in self._families))
        yield up
        metrics: dict[str, Metric] = {}
        for number, families in sorted(self._families.items()):
            for family in families:
                metric = metrics.get(family.name)
                if metric is None:
                    metric = metrics[family.name] = Metric(family.name, family.text, family.kind)
                for name, labels, value in family.samples:
                    metric.add_sample(name, {**labels, "worker": str(number)}, value)
        yield from metrics.values()
