"""Processes that share each step of training come to what one process comes to."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, PRODUCTS, STORES
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.behaviour.interaction_files import write_interactions
from shopkeeper.recommendations.loaded import load_model
from shopkeeper.registry.bundle import Bundle, open_bundle
from shopkeeper.testing.model_suite import asked_about
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.wiring.settings import Settings, TrainingSettings
from shopkeeper.wiring.train import Asked, train_system

NOW = datetime.now(UTC)
PARAMS = {"width": 16, "blocks": 1, "dropout": 0.0, "rate": 0.01, "epochs": 4, "tokens": 200}


def trained(folder: Path, processes: int) -> Bundle:
    """Return the bundle that so many processes train together."""
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes),
        "-m", "shopkeeper.recommendations.session_torchrun", str(folder / "data"), str(folder / f"by-{processes}"),
        "--params", json.dumps(PARAMS), "--seed", "3",
    ]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return open_bundle(folder / f"by-{processes}" / "recommendations" / done.stdout.split()[-1])


@pytest.mark.integration
def test_two_processes_have_the_loss_curve_of_one_and_a_bundle_that_serves(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_interactions(planted_interactions(), tmp_path / "data")
    alone, together = trained(tmp_path, 1), trained(tmp_path, 2)
    curve = alone.manifest.metrics["losses"]
    assert len(curve) == 2 * PARAMS["epochs"]  # two customer groups, one after the other
    assert curve[0] > curve[3]
    np.testing.assert_allclose(together.manifest.metrics["losses"], curve, rtol=1e-4)
    asked = asked_about([1, 2, 3], [1.0] * 3)
    first, second = (load_model(bundle).model.score(asked) for bundle in (alone, together))
    np.testing.assert_allclose(second.scores, first.scores, rtol=0.01)


@pytest.mark.integration
def test_what_two_processes_train_is_judged_and_registered_as_any_version(tmp_path: Path) -> None:
    chosen = Settings(
        workspace=tmp_path,
        training=TrainingSettings(minimum_interactions=100, bootstrap=100),  # type: ignore[call-arg]  # pydantic defaults
    )
    small_shop(chosen)
    told = {"processes": "2", "width": "16", "blocks": "1", "epochs": "2", "tokens": "200"}
    asked = Asked("session", folds=0, ignore_quality="a test", parameters=told)
    result = train_system(chosen, "recommendations", asked, say=lambda _: None)
    assert result.parameters["processes"] == 2
    assert result.metrics
    with contextlib.closing(open_state(chosen.state_url)) as state:
        (version,) = [one for one in state.registry.versions("recommendations") if one.version == result.version]
    loaded = load_model(open_bundle(chosen.folder(chosen.engines.models) / version.folder))
    assert loaded.model.parameters["processes"] == 2
    assert len(loaded.shoppers)


def small_shop(chosen: Settings) -> None:
    """Fill a workspace with shoppers who buy runs of neighbouring products out of twenty."""
    with contextlib.closing(open_state(chosen.state_url)) as state:
        state.tables.upsert(STORES, [SourcedRow(Store(store="uk"), NOW)])
        shelf = [Product(product=f"p{n}", store="uk", categories=("home",)) for n in range(20)]
        state.tables.upsert(PRODUCTS, [SourcedRow(row, NOW) for row in shelf])
    log = SegmentLog(chosen.folder(chosen.engines.log), "import")
    rows = [
        Event(
            event_id=f"{shopper}-{step}", ts=NOW - timedelta(days=9 - step, minutes=shopper), store="uk",
            type="purchase", product=f"p{(shopper + step) % 20}", user=f"u{shopper}",
        )
        for shopper in range(60)
        for step in range(6)
    ]  # fmt: skip
    log.append(EVENTS, [msgspec.json.encode(row) for row in rows])
    log.close()
