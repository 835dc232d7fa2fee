"""What a worker tells the others of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shopkeeper.web.live_feed import own_live
from shopkeeper.web.metrics import ServerCollector
from shopkeeper.web.metrics_of_workers import families_of
from shopkeeper.wiring.serving import Serving


def told_to_peers(serving: Serving) -> Mapping[str, Callable[[], object]]:
    """Return what other workers may ask for, by name."""
    return {
        "metrics": lambda: families_of(ServerCollector(serving)),
        "live": lambda: own_live(serving),
        "decisions": lambda: serving.decision_log.recent,
    }
