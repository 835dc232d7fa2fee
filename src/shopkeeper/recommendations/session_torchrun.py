"""Trains `session` on several processes or machines that share each step; torchrun starts this in each of them.

    torchrun --nproc-per-node 2 -m shopkeeper.recommendations.session_torchrun DATA BUNDLES --params '{"epochs": 20}'

DATA is the folder in which a training run keeps its interactions; the bundle is written below BUNDLES by the first
process. A training run whose session has the parameter `processes` above 1 starts this by itself and takes the model on
to judgement and registry, see `session.processes`. Gradients are summed by gloo on processors and by NCCL on GPUs.
Without dropout the losses are those of one process but for rounding; with it each process draws its own.
"""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from torch import distributed

from shopkeeper.recommendations.behaviour.interaction_files import read_interactions
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.loaded import bundle_arrays
from shopkeeper.recommendations.session.fit import Round, Share, fit_session
from shopkeeper.recommendations.session_space import session_params
from shopkeeper.registry.bundle import BundleContent, write_bundle


def main() -> None:
    """Train this process's share; the first process writes the bundle and prints its version."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("bundles", type=Path)
    parser.add_argument("--params", type=json.loads, default={})
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cuda = torch.cuda.is_available()
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        device = f"cuda:{os.environ['LOCAL_RANK']}" if cuda else "cpu"
        losses: list[float] = []

        def told(one: Round) -> None:
            losses.append(one.loss)

        share = Share(distributed.get_rank(), distributed.get_world_size(), device, told)
        data = read_interactions(args.data)
        params, popular = session_params(args.params)
        model = fit_session(data, params, args.seed, popular, share)
        if share.rank == 0:
            content = BundleContent(
                system="recommendations",
                model=model.name,
                code_version=version("shopkeeper"),
                parameters=model.parameters,
                seed=args.seed,
                fingerprint=data.fingerprint(),
                metrics={"losses": losses},
                arrays=bundle_arrays(model, ShopperPasts.build(data)),
            )
            print(write_bundle(args.bundles, content, datetime.now(UTC)).version)
    finally:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
