"""The pass that judges behaviour: over the days that new events touch, verdicts beside the events."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import msgspec

from shopkeeper.commerce.tables import TRAFFIC_VERDICTS
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import State
from shopkeeper.quality.behaviour import BehaviourLimits, find_machines
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics

REPORT_KIND = "traffic"
_SPAN = NamedQuery.load("shopkeeper.quality", "received_span")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def classify_traffic(
    settings: Settings, analytics: Analytics, state: State, now: datetime | None = None
) -> dict[str, int]:
    """Judge every session of the days touched by events that came since the last pass; return new verdicts by rule.

    Run as often as wanted: a verdict is written once, and a session that may still go on waits for the next pass.
    """
    now = now or datetime.now(UTC)
    limits = BehaviourLimits()
    with analytics.reading() as warehouse:
        span = warehouse.fetch(_SPAN, since=_last_pass(state))
        if not int(span["events"][0]):
            return {}
        since, until = (_midnight(span[name][0].item()) for name in ("oldest", "newest"))
        verdicts = find_machines(warehouse, since, until + timedelta(days=1), now, limits)
        known = warehouse.fetch(NamedQuery.load("shopkeeper.quality", "known_verdicts"), since=since)
    columns = (known[name].tolist() for name in ("store", "kind", "subject"))
    there = {(*key, _midnight(ts.item())) for *key, ts in zip(*columns, known["ts"], strict=True)}
    fresh = [v for v in verdicts if (v.store, v.kind, v.subject, v.ts) not in there]
    if fresh:
        log = SegmentLog(settings.folder(settings.engines.log), f"classify-{os.getpid()}")
        try:
            log.append(TRAFFIC_VERDICTS, [msgspec.json.encode(verdict) for verdict in fresh])
        finally:
            log.close()
        analytics.lake.compact()
    found: dict[str, int] = {}
    for verdict in fresh:
        found[verdict.rule] = found.get(verdict.rule, 0) + 1
    # Sessions that went on at the time of this pass are looked at again by the next.
    until_pass = now - timedelta(minutes=2 * limits.settled_minutes)
    state.reports.save(REPORT_KIND, {"until": until_pass.isoformat(), "found": found})
    return found


def _last_pass(state: State) -> datetime:
    latest = state.reports.latest(REPORT_KIND, 1)
    return datetime.fromisoformat(str(latest[0].body["until"])) if latest else _BEGINNING


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
