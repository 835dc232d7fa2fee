"""One time line of what changed: models, prices, rules, settings, feeds, verdicts and stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from shopkeeper.engines.state import State
from shopkeeper.experiments.currency_rates import FILE as RATES_FILE
from shopkeeper.experiments.metric_file import FILE as METRICS_FILE
from shopkeeper.intake.ports import REPORT_KIND as IMPORT_REPORT
from shopkeeper.pricing.policy.policy_file import FILE as PRICE_POLICY
from shopkeeper.quality.ports import Report
from shopkeeper.quality.verdict import REPORT_KIND as CHECK_REPORT
from shopkeeper.rollout.stages import GATE
from shopkeeper.wiring.rollouts.acts import named_rollout
from shopkeeper.wiring.settings import CONFIG_FILE, Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

MOST: Final = 1_000
_KINDS: Final = {
    "model": "models", "rollout": "rollouts", "stop": "stops", "experiment": "experiments", "retraining": "models",
    "training": "models", "price": "prices", "rule": "rules", "key": "people", "person": "people", "people": "people",
}  # fmt: skip
_OWN_FILES: Final = (
    METRICS_FILE,
    RATES_FILE,
    PRICE_POLICY,
    "objectives/*.yaml",
    "contracts/*.yaml",
    "experiments/*.yaml",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that changed.

    Attributes:
        kind: models, prices, rules, config, feeds, data, verdicts, rollouts, experiments, stops or people.
        who: Who or what did it; empty where nobody knows.
        what: In words.
    """

    at: datetime
    kind: str
    who: str
    what: str

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        return {"at": self.at, "kind": self.kind, "who": self.who, "what": self.what}


def timeline(settings: Settings, since: datetime, rollout: str | None = None) -> list[Entry]:
    """Return what changed from a moment on, newest first.

    Args:
        rollout: Only this rollout, by its id or its system's name (then its newest); None = everything.
    """
    with open_workspace_state(settings) as state:
        if rollout is not None:
            return _sorted(_of_rollout(state, named_rollout(state, rollout).id, since))
        return _sorted([*_everything(state, since), *_config(settings, since)])


def _everything(state: State, since: datetime) -> Iterator[Entry]:
    for entry in state.audit.since(since, MOST):
        yield _audited(entry)
    for version in state.registry.versions():
        if version.created_at >= since:
            blessed = "blessed" if version.blessed else "not blessed"
            what = f"{version.system} {version.version} ({version.model}) was trained, {blessed}"
            yield Entry(version.created_at, "models", "training", what)
    yield from _feeds(state, since)
    yield from _verdicts(state, since, None)


def _of_rollout(state: State, rollout: str, since: datetime) -> list[Entry]:
    told = [entry for entry in state.audit.since(since, MOST) if entry["detail"].get("rollout") == rollout]
    return [*map(_audited, told), *_verdicts(state, since, rollout)]


def _verdicts(state: State, since: datetime, rollout: str | None) -> Iterator[Entry]:
    for one in state.rollouts.verdicts(rollout, since, MOST):
        did = "nothing was done" if one.effect == "nothing" else one.effect
        yield Entry(one.at, "verdicts", GATE, f"{one.id}: {one.word} in {one.stage}: {one.why} ({did})")


def _feeds(state: State, since: datetime) -> Iterator[Entry]:
    def kept(kind: str) -> Iterator[Report]:
        return (one for one in state.reports.latest(kind, MOST) if one.created_at >= since)

    for one in kept(IMPORT_REPORT):
        rows = one.body.get("rows", {})
        counts = rows if isinstance(rows, dict) else {"rows": rows}
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "rows came in"
        yield Entry(one.created_at, "feeds", "import", f"{one.store or 'all stores'}: {told}")
    for one in kept(CHECK_REPORT):
        yield Entry(
            one.created_at, "data", "check", f"{one.store or 'all stores'}: {one.body.get('status', 'unknown')}"
        )


def _config(settings: Settings, since: datetime) -> Iterator[Entry]:
    """Yield when a file of the workspace was last written; what it said before is for the shop's own versions."""
    folder = settings.workspace.resolve()
    for path in (folder / CONFIG_FILE, *(path for pattern in _OWN_FILES for path in sorted(folder.glob(pattern)))):
        if path.is_file() and (at := datetime.fromtimestamp(path.stat().st_mtime, UTC)) >= since:
            yield Entry(at, "config", "", f"{path.relative_to(folder)} was written")


def _audited(entry: dict[str, Any]) -> Entry:
    action, detail = str(entry["action"]), entry["detail"]
    said = ", ".join(f"{name} {_words(value)}" for name, value in detail.items() if value not in (None, ""))
    return Entry(entry["at"], _KINDS.get(action.partition(".")[0], "other"), str(entry["who"]), f"{action}: {said}")


def _words(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)


def _sorted(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda one: (one.at, one.kind), reverse=True)
