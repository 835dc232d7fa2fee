"""`shopkeeper train`: learn from what was taken in, judge it against the baseline, keep the version."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shopkeeper.cli.who import who
from shopkeeper.errors import ContractNotMet, InputError

if TYPE_CHECKING:
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.progress import Progress
    from shopkeeper.training.reproduce import Reproduction
    from shopkeeper.training.run import TrainingResult
    from shopkeeper.wiring.settings import Settings

Interval = Mapping[str, float]
MOST = 20
"""Differences of one sort that are shown to people."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("train")(train)


def train(  # noqa: PLR0917 - each is an option by name
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="What to train: recommendations or pricing.")],
    model: Annotated[
        str | None, typer.Option(help="Which model of it; the default is item-knn, or elasticity.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Read nothing from this time on, ISO 8601, UTC if not said.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every draw; the settings' own by default.")] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=0, help="Sets of parameters to try; 0 = the defaults."),
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.0, help="Begin no trial after so many minutes.")] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A parameter of the model, such as `session.width=64`; again for each. Trials hold it.",
        ),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=0, help="Moments of the past to judge at as well, to show the spread; 0 = none.")
    ] = None,
    ignore_quality: Annotated[
        str, typer.Option(metavar="REASON", help="Train on data that do not meet their limits; the reason is kept.")
    ] = "",
    reproduce: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Train a version again; does it come to the same?"),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Give up a run that was left, instead of going on.")] = False,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train a system, judge it on the newest part of time next to its baseline, and register the version.

    The run is durable: whatever ends it (Ctrl-C, kill, a power cut), the same command goes on where it was. A living
    `shopkeeper work` does it and is followed; without one it is done here.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.progress import Progress
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.train import Asked, train_system

    out, started = Output(json), time.perf_counter()
    progress = Progress(out)
    try:
        settings = load_settings(workspace)
        if reproduce is not None:
            other = [model, until, seed, trials, minutes, given or None, folds, ignore_quality or None]
            _repeat(settings, system, reproduce, other, progress, out, fresh=fresh)
            return
        asked = Asked(model, _moment(until), seed, trials, minutes, folds, ignore_quality, _given(given or ()))
        actor = who(settings)
        result = train_system(settings, system, asked, fresh=fresh, who=actor, say=progress.say, watch=progress.watch)
    except KeyboardInterrupt:
        progress.close()
        again = " ".join(["shopkeeper", *sys.argv[1:]])
        out.say(f"Stopped. Nothing that was done is lost: `{again}` goes on from here; add --fresh to begin anew.")
        sys.stderr.flush()
        os._exit(130)  # a step that is under way would keep the process alive until its end
    progress.close()
    found = document(result) | {"total_seconds": round(time.perf_counter() - started, 3)}
    out.result(found, table(result))


def _repeat(
    settings: Settings,
    system: str,
    version: str,
    given: Sequence[object],
    progress: Progress,
    out: Output,
    *,
    fresh: bool,
) -> None:
    """Train a version again, and end with 1 where its figures differ."""
    from shopkeeper.wiring.train import reproduce_version

    if any(one is not None for one in given):
        raise InputError(
            "--reproduce takes everything from the version: model, end, seed, parameters, trials and folds.",
            "Leave the other options out.",
        )
    actor = who(settings)
    found = reproduce_version(settings, system, version, fresh=fresh, who=actor, say=progress.say, watch=progress.watch)
    progress.close()
    out.result(found.document(), repetition(found))
    if not found.equal:
        raise ContractNotMet(
            f"Version {version} did not come to the same figures: {len(found.metrics)} differ.",
            "What is listed above differs too; with the same data, versions and parameters they would be equal.",
        )


def repetition(found: Reproduction) -> str:
    """Return what a repetition came to, for people."""
    verdict = "the same figures, bit for bit" if found.equal else f"other figures: {len(found.metrics)} differ"
    model = "the same model" if found.same_model else "another model"
    lines = [f"Version {found.version} again: {verdict}; {model}."]
    for title, differing in (
        ("Figures", found.metrics),
        ("Data, by store and day (rows:hash)", found.data),
        ("Environment", found.environment),
        ("Parameters", found.parameters),
    ):
        if differing:
            lines += [f"{title}: then -> now", *(f"  {one.what}: {one.then} -> {one.now}" for one in differing[:MOST])]
            if len(differing) > MOST:
                lines.append(f"  and {len(differing) - MOST} more (--json has all)")
    return "\n".join(lines)


def document(result: TrainingResult) -> dict[str, Any]:
    """Return what a run ended with, for machines."""
    return result.document()


def table(result: TrainingResult) -> str:
    """Return what a run ended with, for people."""
    found, metric = result.metrics, result.metric
    names = list(found["difference"])
    totals = [name for name, one in found["baseline"].items() if isinstance(one, dict) and name not in names]
    lines = [
        f"{found['cases']:,} {result.question} {result.cutoff:%Y-%m-%d %H:%M} UTC; 95% intervals.",
        "",
        f"{'':<18}{result.model:>26}{found['baseline']['name']:>26}{'difference':>28}",
        *(_line(name, found[name], found["baseline"][name], found["difference"][name]) for name in names),
        *(f"{name:<18}{found[name]['value']:>26.4f}{found['baseline'][name]['value']:>26.4f}" for name in totals),
        "",
        f"{metric} by slice",
        *(
            _line(f"{name} ({one['cases']:,})", one["model"], one["baseline"], one["difference"])
            for name, one in found["slices"].items()
        ),
        *_champion(found, metric),
        "",
        f"Version {result.version}: {_verdict(result)}",
        f"Run {result.run}: {sum(result.seconds.values()):.1f} s of steps, rails {result.overhead_seconds:.1f} s.",
        *(
            [f"{result.log_missed} writes to the experiment log wait: `shopkeeper doctor`."]
            if result.log_missed
            else []
        ),
    ]
    return "\n".join(lines)


def _line(name: str, model: Interval, baseline: Interval, difference: Interval) -> str:
    label = f"{name:<18}" if len(name) < 18 else f"{name}\n{'':<18}"
    return f"{label}{_cell(model):>26}{_cell(baseline):>26}{_cell(difference, '+'):>28}"


def _cell(one: Interval, sign: str = "") -> str:
    return f"{one['value']:{sign}.4f} ({one['low']:{sign}.4f}..{one['high']:{sign}.4f})"


def _champion(found: Mapping[str, Any], metric: str) -> list[str]:
    """Return how the model did next to the version that serves."""
    if (champion := found.get("champion")) is None:
        return []
    own, other, difference = found[metric], champion[metric], champion["difference"][metric]
    return [
        "",
        f"{metric} next to {champion['name']}, which serves ({champion['how']}):",
        f"{'':<18}{_cell(own):>26}{_cell(other):>26}{_cell(difference, '+'):>28}",
    ]


def _verdict(result: TrainingResult) -> str:
    lines = ["blessed." if result.blessed else "not blessed."]
    lines += [] if result.blessed else [f"Not met: {reason}" for reason in result.reasons]
    if result.first_champion is None:
        lines.append(f"{result.champion} stays champion.")
    elif result.first_champion == result.version:
        lines.append("It is the first champion and serves.")
    else:
        lines.append(f"The baseline serves as the first champion, version {result.first_champion}.")
    return "\n".join(lines)


def _given(words: Sequence[str]) -> dict[str, str]:
    """Return what was set, by name. Raises InputError."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (equals and name and value):
            raise InputError(f"--set {word!r} does not say what to set.", "Write it as NAME=VALUE: `--set history=20`.")
        if name in found:
            raise InputError(f"--set names {name} twice: {found[name]!r} and {value!r}.", "Name it once.")
        found[name] = value
    return found


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--until {text!r} is not a time.", "Write it as 2026-11-23 or 2026-11-23T15:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
