"""Fits `session` in several processes of this machine that share each step: torchrun trains, its bundle is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from shopkeeper.errors import ConfigError
from shopkeeper.recommendations.behaviour.facts import NO_TRAITS
from shopkeeper.recommendations.behaviour.interaction_files import write_interactions
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.models.popular import PopularParams
from shopkeeper.recommendations.parameters import flat
from shopkeeper.recommendations.session.model import Session, SessionParams
from shopkeeper.registry.bundle import open_bundle

_SAID = 2_000
"""Characters of what a failed run said last."""


def fit_in_processes(data: Interactions, params: SessionParams, seed: int, popular: PopularParams) -> Session:
    """Return the model that `params.processes` processes train together, see `session_torchrun`.

    The data lie in a folder for temporary files meanwhile, where they name no shopper.

    Raises:
        ConfigError: one of them failed.
    """
    with TemporaryDirectory(prefix="shopkeeper-session-") as name:
        folder = Path(name)
        kept, bundles = folder / "data", folder / "bundles"
        kept.mkdir()
        write_interactions(_of_nobody(data), kept)
        told = json.dumps(flat({**asdict(params), "popular": popular.document()}))
        command = [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(params.processes),
            "-m", "shopkeeper.recommendations.session_torchrun", str(kept), str(bundles),
            "--params", told, "--seed", str(seed),
        ]  # fmt: skip
        threads = max((os.cpu_count() or 1) // params.processes, 1)
        environment = {"OMP_NUM_THREADS": str(threads)} | os.environ
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own module under our own interpreter
        if done.returncode:
            raise ConfigError(
                f"One of {params.processes} processes that trained session failed: {done.stderr.strip()[-_SAID:]}",
                "Train with the parameter `processes` 1, or on a GPU with no more processes than there are GPUs.",
            )
        bundle = open_bundle(bundles / "recommendations" / done.stdout.split()[-1])
        return Session.from_arrays(data.index, {name: np.array(array) for name, array in bundle.arrays.items()})


def _of_nobody(data: Interactions) -> Interactions:
    """Return the same interactions without who the shoppers are, which the model does not read."""
    return replace(data, shopper_keys=[str(code) for code in range(len(data.shopper_keys))], traits=NO_TRAITS)
