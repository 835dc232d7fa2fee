"""From a trained workspace: a version's lineage, a decision's version, cards, pins and pruning with real files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.tables import DECISIONS
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import BundleDamaged, InputError, UnknownModel
from shopkeeper.registry.bundle import CARD_FILE, BundleContent, open_bundle, write_bundle
from shopkeeper.registry.ports import Lineage, ModelVersion
from shopkeeper.wiring.model_lineage import find_decision, pin_version, show_version, write_version_card
from shopkeeper.wiring.model_retention import prune_models, tidy_models
from shopkeeper.wiring.settings import EngineSettings, ModelSettings, Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(workspace=tmp_path, models=ModelSettings(keep_newest=1, keep_days=10))


def put(settings: Settings, days: float, *, run: str = "run-1", facts: dict[str, object] | None = None) -> str:
    """Write and register a small version made `days` ago, and return its name."""
    content = BundleContent(
        "recommendations", "item-knn", "0.1.0", {"k": 20}, 7, "f0", {}, {"items": np.arange(int(days) + 3)}
    )
    models = settings.folder(settings.engines.models)
    manifest = write_bundle(models, content, NOW - timedelta(days=days))
    version = ModelVersion(
        system="recommendations",
        version=manifest.version,
        model="item-knn",
        folder=f"recommendations/{manifest.version}",
        created_at=manifest.created_at,
        blessed=True,
        metrics={"ndcg@10": {"value": 0.2, "low": 0.1, "high": 0.3}, "cases": 9},
        fingerprint="f0",
        lineage=Lineage(run, "objective-digest", "0.1.0", None, facts or {}),
    )
    with open_workspace_state(settings) as state:
        state.registry.register(version)
    return manifest.version


def point(settings: Settings, version: str) -> None:
    with open_workspace_state(settings) as state:
        state.registry.point("recommendations", "champion", version, "ann", "it won")


def files(settings: Settings, version: str) -> set[str]:
    return {path.name for path in (settings.folder(settings.engines.models) / "recommendations" / version).iterdir()}


def decide(settings: Settings, decision: str, model: str | None, fallback: str | None = None) -> None:
    log = SegmentLog(settings.folder(settings.engines.log), "test")
    row = DecisionRecord(
        decision_id=decision, ts=NOW, store="uk", system="recommendations", model=model, fallback=fallback
    )
    log.append(DECISIONS, [msgspec.json.encode(row)])
    log.close()


def test_a_version_leads_back_to_its_run_objective_and_audit(settings: Settings) -> None:
    version = put(settings, 3, facts={"data": {"interactions": 1000}})
    point(settings, version)
    shown = show_version(settings, version)
    assert shown.aliases == ("champion",)
    assert shown.facts.known["run"] == "run-1"
    assert shown.facts.known["parameters"] == {"k": 20}
    assert shown.facts.known["data"] == {"interactions": 1000}
    assert [(e["who"], e["action"], e["detail"]["why"]) for e in shown.history] == [("ann", "model.point", "it won")]


def test_a_decision_leads_to_its_version_and_is_counted(settings: Settings) -> None:
    version = put(settings, 3)
    decide(settings, "d1", version)
    decide(settings, "d2", version)
    found = find_decision(settings, "d1")
    assert (found.model, found.store, found.ts) == (version, "uk", NOW)
    [served] = show_version(settings, version).served
    assert (served.store, served.decisions) == ("uk", 2)


def test_a_decision_of_the_rules_has_no_model_and_says_why(settings: Settings) -> None:
    decide(settings, "d1", None, "deadline")
    found = find_decision(settings, "d1")
    assert (found.model, found.fallback) == (None, "deadline")


def test_what_is_unknown_is_said(settings: Settings) -> None:
    with pytest.raises(UnknownModel, match="nowhere"):
        show_version(settings, "nowhere")
    with pytest.raises(InputError, match="no decision 'd9'"):
        find_decision(settings, "d9")


def test_old_bundles_lose_their_arrays_and_keep_manifest_card_and_row(settings: Settings) -> None:
    old, new = put(settings, 30), put(settings, 20)
    write_version_card(settings, old)
    [planned] = prune_models(settings, "ann", dry_run=True, now=NOW)
    assert (planned.version, "items.npy" in files(settings, old)) == (old, True)
    assert planned.bytes > 0
    assert [one.version for one in prune_models(settings, "ann", now=NOW)] == [old]
    assert files(settings, old) == {"manifest.json", CARD_FILE}
    assert "items.npy" in files(settings, new)
    assert show_version(settings, old).version.status == "pruned"
    with pytest.raises(BundleDamaged):
        open_bundle(settings.folder(settings.engines.models) / "recommendations" / old)
    assert prune_models(settings, "ann", now=NOW) == []


def test_champions_pinned_versions_and_those_in_use_keep_their_files(settings: Settings) -> None:
    champion, pinned, used, newest = (put(settings, days) for days in (50, 40, 30, 20))
    point(settings, champion)
    pin_version(settings, pinned, True, "ann", "the auditors want it")
    assert prune_models(settings, "ann", now=NOW, in_use=[("recommendations", used)]) == []
    pin_version(settings, pinned, False, "ann", "done")
    assert {one.version for one in prune_models(settings, "ann", now=NOW)} == {pinned, used}
    assert all("items.npy" in files(settings, one) for one in (champion, newest))


def test_files_a_killed_prune_left_go_with_the_next(settings: Settings) -> None:
    old, _ = put(settings, 30), put(settings, 20)
    with open_workspace_state(settings) as state:
        assert state.registry.prune("recommendations", old, "ann", "old")
    assert "items.npy" in files(settings, old)
    prune_models(settings, "ann", now=NOW)
    assert files(settings, old) == {"manifest.json"}


def test_a_worker_prunes_once_a_day_and_a_database_that_is_away_stops_it_not(settings: Settings) -> None:
    old, _ = put(settings, 30), put(settings, 20)
    tidy_models(settings, NOW)
    assert files(settings, old) == {"manifest.json"}
    (settings.workspace / "taken").touch()
    away = settings.model_copy(update={"engines": EngineSettings(state_url="sqlite:///taken/state.db")})
    tidy_models(away, NOW)
