"""How versions are shown."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from shopkeeper.cli.models import document, table
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.wiring.model_list import ListedVersion

VERSION = ModelVersion(
    system="recommendations",
    version="20260301-120000-abcdef",
    model="item-knn",
    folder="recommendations/20260301-120000-abcdef",
    created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    blessed=True,
    metrics={"ndcg@10": {"value": 0.0512, "low": 0.05, "high": 0.052}, "coverage": {"value": 0.9}},
    fingerprint="f" * 64,
)


def test_a_version_is_one_line_with_its_aliases_and_figures() -> None:
    head, line = table([ListedVersion(VERSION, ("champion",))]).splitlines()
    assert head.split()[:5] == ["version", "system", "model", "alias", "blessed"]
    assert line.split()[:5] == ["20260301-120000-abcdef", "recommendations", "item-knn", "champion", "yes"]
    assert "0.0512" in line
    assert line.split()[6] == "-"  # hr@10 was not measured


def test_machines_get_everything() -> None:
    found = document(ListedVersion(VERSION, ()))
    assert found["aliases"] == []
    assert found["created_at"] == "2026-03-01T12:00:00+00:00"
    assert found["metrics"] == VERSION.metrics


def test_what_every_verb_opens_loads_nothing_that_takes_a_tenth_of_a_second() -> None:
    loaded = "import sys, shopkeeper.engines.state, shopkeeper.wiring.model_list; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    slow = {"alembic", "dbos", "pint", "scipy", "shopkeeper.training.run", "shopkeeper.wiring.training_job"}
    assert not slow & set(ran.stdout.split())
