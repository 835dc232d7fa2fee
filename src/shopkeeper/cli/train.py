"""`shopkeeper train`: learn from what was taken in, judge it against the baseline, keep the version."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shopkeeper.errors import InputError

if TYPE_CHECKING:
    from shopkeeper.training.comparison import Comparison, Interval
    from shopkeeper.training.run import TrainingResult


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("train")(train)


def train(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="What to train: recommendations.")],
    model: Annotated[str | None, typer.Option(help="item-knn (default) or popular.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Read nothing from this time on, ISO 8601, UTC if not said.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every draw; the settings' own by default.")] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train a system, judge it on the newest part of time next to its baseline, and register the version."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.train import train_system

    out = Output(json)
    result = train_system(
        load_settings(workspace), system, model=model, until=_moment(until), seed=seed, who=_who(), say=out.say
    )
    out.result(document(result), table(result))


def document(result: TrainingResult) -> dict[str, Any]:
    """Return what a run ended with, for machines."""
    manifest = result.manifest
    return {
        "system": manifest.system,
        "model": manifest.model,
        "version": manifest.version,
        "blessed": result.blessed,
        "champion": result.champion,
        "first_champion": result.first_champion,
        "cutoff": result.cutoff.isoformat(),
        "interactions": result.summary.interactions,
        "shoppers": result.summary.shoppers,
        "products": result.summary.products,
        "seed": manifest.seed,
        "fingerprint": manifest.fingerprint,
        "content": manifest.content,
        "metrics": manifest.metrics,
        "report": result.report,
    }


def table(result: TrainingResult) -> str:
    """Return what a run ended with, for people."""
    found, manifest = result.evaluation, result.manifest
    against = found.baseline
    lines = [
        f"{found.cases:,} shoppers asked about a new product after {result.cutoff:%Y-%m-%d %H:%M} UTC;"
        " full ranking, 95% intervals.",
        "",
        f"{'':<18}{manifest.model:>26}{'popular':>26}{'difference':>28}",
        *(_line(name, one) for name, one in against.metrics.items()),
        *(f"{name:<18}{one.model:>26.4f}{one.other:>26.4f}" for name, one in against.totals.items()),
        "",
        f"{found.metric} by slice",
        *(_line(f"{name} ({one.cases:,})", one) for name, one in against.slices.items()),
        "",
        f"Version {manifest.version}: {_verdict(result)}",
    ]
    return "\n".join(lines)


def _line(name: str, one: Comparison) -> str:
    label = f"{name:<18}" if len(name) < 18 else f"{name}\n{'':<18}"
    return f"{label}{_cell(one.model):>26}{_cell(one.other):>26}{_cell(one.difference, '+'):>28}"


def _cell(one: Interval, sign: str = "") -> str:
    return f"{one.value:{sign}.4f} ({one.low:{sign}.4f}..{one.high:{sign}.4f})"


def _verdict(result: TrainingResult) -> str:
    model, metric = result.manifest.model, result.evaluation.metric
    if result.blessed:
        verdict = f"blessed: {model} beats popularity, the lower bound of the {metric} difference is above zero."
    elif model == "popular":
        verdict = "the baseline itself."
    else:
        verdict = f"not blessed: {model} does not beat popularity for sure on {metric}."
    if result.first_champion is None:
        return f"{verdict} {result.champion} stays champion."
    if result.first_champion == result.manifest.version:
        return f"{verdict} It is the first champion and serves."
    return f"{verdict} Popularity serves as the first champion, version {result.first_champion}."


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--until {text!r} is not a time.", "Write it as 2026-11-23 or 2026-11-23T15:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _who() -> str:
    """Return who does it, for the audit."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container user without a name
        return "unknown"
