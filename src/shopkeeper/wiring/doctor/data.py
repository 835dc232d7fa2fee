"""The data: state database, event log, lake, and pages that do not report back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shopkeeper.engines.experiment_spool import SpoolState
from shopkeeper.engines.lake_health import LakeHealth
from shopkeeper.engines.log_health import LogHealth
from shopkeeper.engines.state_health import StateHealth
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.wiring.doctor.finding import Finding, listed, passed

LIVE_WARN_SECONDS = 600.0
"""A server seals every `serving.seal_seconds` (20 s); a segment open this long is one whose writer hangs."""
WAITING_WARN_SECONDS = 3600.0
SURFACE_DECISIONS = 50
"""Fewest measured decisions in the window before a surface is judged."""
SURFACE_WARN_SHARE = 0.5
SURFACE_DAYS = 7


@dataclass(frozen=True, slots=True)
class SurfaceFacts:
    """Measured decisions of one surface, and how many of them were reported as shown or clicked."""

    store: str
    surface: str
    decisions: int
    seen: int


def check_state(health: StateHealth) -> Finding:
    """Judge whether the state database answers, is sound, and has the tables this version works with."""
    name = "state.database"
    if health.trouble is not None:
        remedy = "Check engines.state_url and that the database is up; restore the file from a backup if it is damaged."
        return Finding(name, "fail", f"{health.url}: {health.trouble}", remedy)
    if health.revision == health.head:
        return passed(name, f"{health.url} answers, revision {health.revision}")
    what = f"{health.url} has revision {health.revision or 'none'}, this version works with {health.head}"
    if health.revision is None or health.known:
        return Finding(name, "warn", what, "Bring it up to date: `shopkeeper migrate`.")
    return Finding(name, "fail", what, "A newer Shopkeeper wrote it: install that version, or restore a backup.")


def check_log_damage(health: LogHealth) -> Finding:
    """Judge whether every segment is intact."""
    if health.damaged:
        remedy = "Restore the file from a backup, or move it out of the log folder to go on without its rows."
        return Finding("log.damage", "fail", listed(health.damaged), remedy)
    return passed("log.damage", f"{health.live + health.left + health.sealed} segments, none damaged")


def check_log_waiting(health: LogHealth) -> Finding:
    """Judge whether rows reach the lake in time."""
    name = "log.waiting"
    what = (
        f"{health.live} live (oldest {health.live_age:.0f} s), {health.sealed} sealed, {health.left} left by a killed "
        f"process (oldest {health.waiting_age:.0f} s)"
    )
    if health.live_age > LIVE_WARN_SECONDS:
        remedy = "Its writer hangs or cannot seal: look at its log, and start the process again."
        return Finding(name, "warn", what, remedy)
    if health.waiting_age > WAITING_WARN_SECONDS:
        remedy = "Nothing compacts here: run `shopkeeper check`, or keep `shopkeeper serve` running."
        return Finding(name, "warn", what, remedy)
    return passed(name, what)


def check_lake(health: LakeHealth) -> Finding:
    """Judge whether the lake's files are those of its manifest."""
    name = "lake.files"
    remedy = "Restore the lake folder from a backup, manifest and files together."
    if health.trouble is not None:
        return Finding(name, "fail", health.trouble, remedy)
    if health.broken:
        return Finding(name, "fail", listed(health.broken), remedy)
    what = f"{health.parts} parts with {health.rows:,} rows, as the manifest says"
    if health.stray:
        return Finding(name, "warn", f"{what}; {health.stray} files besides", "The next compaction sweeps them.")
    return passed(name, what)


def check_experiment_log(spool: SpoolState) -> Finding:
    """Judge whether what training told the experiment log got through."""
    name = "training.log"
    if spool.trouble is not None:
        what = f"{spool.waiting} writes wait since {spool.since:%Y-%m-%d %H:%M} UTC: {spool.trouble}"
        remedy = "Check engines.mlflow_url and `pip install 'shopkeeper[train]'`; they are sent with the next training."
        return Finding(name, "warn", what, remedy)
    if spool.refused:
        remedy = "See why in the spool's refused.jsonl, below engines.mlflow; delete that file when it is dealt with."
        return Finding(name, "warn", f"MLflow refused {spool.refused} writes", remedy)
    return passed(name, f"nothing was missed, {spool.waiting} writes wait for the next")


def check_surface(facts: SurfaceFacts) -> Finding:
    """Judge whether a page reports what it showed; without it clicks, experiments and learning are blind there."""
    name = f"feedback.{facts.store}.{facts.surface}"
    share = facts.seen / facts.decisions if facts.decisions else 1.0
    what = f"{facts.seen:,} of {facts.decisions:,} answers of the last {SURFACE_DAYS} days came back as shown"
    if facts.decisions < SURFACE_DECISIONS or share >= SURFACE_WARN_SHARE:
        return passed(name, what)
    remedy = "Send an `impression` event with the answer's decision_id when the page shows it."
    return Finding(name, "warn", what, remedy)


def look_at_surfaces(warehouse: Warehouse, since: datetime) -> Sequence[SurfaceFacts]:
    """Return, by store and surface, what was decided since a time and what came back."""
    found = warehouse.fetch(NamedQuery.load("shopkeeper.wiring", "silent_surfaces"), since=since)
    columns = (found[name].tolist() for name in ("store", "surface", "decisions", "seen"))
    return [SurfaceFacts(str(a), str(b), int(c), int(d)) for a, b, c, d in zip(*columns, strict=True)]
