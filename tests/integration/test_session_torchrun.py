"""Processes that share each step of training come to what one process comes to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from shopkeeper.recommendations.behaviour.interaction_files import write_interactions
from shopkeeper.recommendations.loaded import load_model
from shopkeeper.registry.bundle import Bundle, open_bundle
from shopkeeper.testing.model_suite import asked_about
from shopkeeper.testing.planted import planted_interactions

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
