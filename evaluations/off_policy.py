"""Value of a policy that did not answer, from the log of one that did.

    python evaluations/off_policy.py --log FILE --target FILE|uniform [--reward click] [--propensity propensity_score]
        [--action item_id] [--slot position] [--unit C] [--clip W] [--switch W] [--seed N]

The log (Parquet, CSV, JSONL; open-bandit layout by default) has one row an answer: what was answered, with which
chance, and what came of it. The target is `uniform` over the actions of the log, or a file of chances: columns
`row, probability` (one for each row of the log), or the action's column, `probability` and where chances differ by it
the slot's column. The last line of stdout is one JSON document: estimates by IPS, SNIPS, DR and switch-DR with
intervals, the effective sample size, a conclusion with its reason, and `agreement`: the largest distance of IPS, SNIPS
and effective size from the same formulas in SQL.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from shopkeeper.errors import InputError
from shopkeeper.experiments.off_policy import LoggedAnswers, OffPolicy, Options, evaluate
from shopkeeper.experiments.reward_table import foretold

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.columns import columns_of, numbers, read

Array = npt.NDArray[np.float64]


def main(argv: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--target", required=True, help="`uniform`, or a file of chances")
    parser.add_argument("--reward", default="click")
    parser.add_argument("--propensity", default="propensity_score")
    parser.add_argument("--action", default="item_id")
    parser.add_argument("--slot", default="position", help="column of the place; rewards are foretold by place too")
    parser.add_argument("--unit", help="column of whose answer it was; its rows are resampled together")
    parser.add_argument("--clip", type=float, default=math.inf, help="largest weight that counts")
    parser.add_argument("--switch", type=float, default=10.0, help="weight from which switch-DR trusts the model")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    try:
        document = evaluated(args)
    except (ValueError, InputError, duckdb.Error, OSError) as error:
        print(f"{args.log}: {error}", file=sys.stderr)
        return 2
    print(f"{document['conclusion']}: {document['why']}", file=sys.stderr)
    sys.stdout.write(json.dumps(document) + "\n")
    return 0


def evaluated(args: argparse.Namespace) -> dict[str, Any]:
    """Read the log and the target, and evaluate.

    Raises:
        ValueError, InputError: a column is missing or no number, or chances lie outside 0 to 1.
    """
    asked = [args.action, args.slot, args.reward, args.propensity, *([args.unit] if args.unit else [])]
    rows = read(args.log, asked)
    rewards, propensities = numbers(rows[args.reward], args.reward), numbers(rows[args.propensity], args.propensity)
    names, actions = np.unique(rows[args.action], return_inverse=True)
    slots, slot = np.unique(rows[args.slot], return_inverse=True)
    target, of_answer = chances(args, names, slots, actions, slot)
    model = model_target = None
    if target is not None:
        place = slot * len(names) + actions
        wide = np.zeros((len(rewards), len(slots), len(names)))
        wide[np.arange(len(rewards)), slot] = target[slot]
        model, model_target = foretold(rewards, place, wide.reshape(len(rewards), -1), seed=args.seed)
    units = np.unique(rows[args.unit], return_inverse=True)[1] if args.unit else None
    log = LoggedAnswers(rewards, propensities, of_answer, model, model_target, units)
    found = evaluate(log, Options(clip=args.clip, switch=args.switch, seed=args.seed))
    document = asdict(found) | {"agreement": agreement(log, args.clip, found)}
    return {key: clean(value) for key, value in document.items()}


def chances(
    args: argparse.Namespace, names: npt.NDArray[Any], slots: npt.NDArray[Any], actions: npt.NDArray[np.intp],
    slot: npt.NDArray[np.intp],
) -> tuple[Array | None, Array]:  # fmt: skip
    """Return the target's chances by slot and action (None where only those of the rows are known), and by row."""
    if args.target == "uniform":
        table = np.full((len(slots), len(names)), 1 / len(names))
        return table, table[slot, actions]
    file = Path(args.target)
    columns = columns_of(file)
    if "row" in columns:
        held = read(file, ["row", "probability"])
        ordered = numbers(held["probability"], "probability")[np.argsort(held["row"])]
        if len(ordered) != len(actions):
            raise ValueError(f"{file.name} has {len(ordered):,} rows and the log {len(actions):,}; give one for each")
        return None, ordered
    by_slot = args.slot in columns
    held = read(file, [args.action, "probability", *([args.slot] if by_slot else [])])
    table = np.zeros((len(slots), len(names)))
    place = {name: index for index, name in enumerate(names.tolist())}
    for row, chance in enumerate(numbers(held["probability"], "probability")):
        action = place.get(held[args.action][row])
        if action is not None:
            table[slots == held[args.slot][row] if by_slot else slice(None), action] = chance
    return table, table[slot, actions]


def agreement(log: LoggedAnswers, clip: float, found: OffPolicy) -> float:
    """Return the largest relative distance of three figures from what the same formulas give in SQL."""
    connection = duckdb.connect()
    try:
        connection.register("held", {"r": log.rewards, "p": log.propensities, "q": log.target})
        theirs = connection.execute(
            "SELECT avg(least(q / p, $clip) * r), sum(least(q / p, $clip) * r) / sum(least(q / p, $clip)),"
            " sum(q / p) * sum(q / p) / sum(q * q / (p * p)) FROM held",
            {"clip": min(clip, 1e300)},
        ).fetchall()[0]
    finally:
        connection.close()
    ours = (found.estimates["ips"].value, found.estimates["snips"].value, found.effective)
    return max(abs(one - float(other)) / max(abs(float(other)), 1e-12) for one, other in zip(ours, theirs, strict=True))


def clean(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    """Return a value as JSON holds it: what is not finite is null."""
    if isinstance(value, dict):
        return {key: clean(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    raise SystemExit(main())
