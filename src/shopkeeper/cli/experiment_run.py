"""`shopkeeper experiment start|stop|analyze|decide|report`: from a plan to what was learnt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shopkeeper.experiments.log_record import KeptAnalysis
    from shopkeeper.people.person import Actor
    from shopkeeper.people.roles import Right
    from shopkeeper.wiring.settings import Settings

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the plan: experiments/NAME.yaml.")]
Why = Annotated[str, typer.Option("--why", help="In a sentence; it is kept for ever.")]


def register(group: typer.Typer) -> None:
    """Add the verbs to `shopkeeper experiment`."""
    for verb in (start, stop, analyze, decide, report):
        group.command(verb.__name__)(verb)


def start(name: Name, workspace: Workspace = Path(), json: Json = False) -> None:
    """Freeze a plan and start it: every serving process follows within a second; exit 1 when it may not start.

    From then on the file may change, the test does not: its plan is kept with its hash, and its name is used up.
    """
    from datetime import UTC, datetime

    import msgspec

    from shopkeeper.cli import price_tests
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.who import say_who
    from shopkeeper.wiring.experiment_run import start as start_now
    from shopkeeper.wiring.experiments import checked_plan, read_plan_file
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings = load_settings(workspace)
    out = Output(json)
    written = read_plan_file(settings, name)
    if written.prices is not None:
        price_tests.start(settings, written, _actor(settings, "advance", written.stores), out)
        return
    with open_workspace_state(settings) as state:
        checked = checked_plan(settings, state, name)
        actor = _actor(settings, "advance", checked.plan.stores)
        record = start_now(state, checked, actor.who, datetime.now(UTC))
    say_who(out, actor)
    needs = f"It needs {record.units_per_arm:,} matured units in each arm. {record.aa}"
    Output(json).result({"experiment": msgspec.to_builtins(record)}, f"{name} runs, plan {record.digest[:12]}. {needs}")


def stop(name: Name, why: Why, workspace: Workspace = Path(), json: Json = False) -> None:
    """End a test: the champion answers everyone again within a second; of a test of prices, those from before it hold.

    What the shoppers do who were in it is counted on until their figures are final.
    """
    from datetime import UTC, datetime

    import msgspec

    from shopkeeper.cli.output import Output
    from shopkeeper.cli.who import say_who
    from shopkeeper.wiring.experiment_run import stop as stop_now
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    out, settings = Output(json), load_settings(workspace)
    with open_workspace_state(settings) as state:
        frozen = state.experiments.get(name).plan
        actor, now = _actor(settings, "stop", frozen.stores), datetime.now(UTC)
        if frozen.prices is None:
            record = stop_now(state, name, actor.who, why, now)
        else:
            from shopkeeper.wiring.price_tests.running import stop_price_test

            record = stop_price_test(settings, state, name, actor.who, why, now)
    say_who(out, actor)
    words = f"{name} is over since {record.stopped_at:%Y-%m-%d %H:%M} UTC, stopped by {record.stopped_by}."
    out.result({"experiment": msgspec.to_builtins(record)}, words)


def analyze(name: Name, workspace: Workspace = Path(), json: Json = False) -> None:
    """Read the logs as they are now and judge by the frozen plan; every look is kept. Exit 1 when it is invalid."""
    from datetime import UTC, datetime

    import msgspec

    from shopkeeper.cli.output import Output
    from shopkeeper.errors import ContractNotMet
    from shopkeeper.wiring.experiment_figures import gathering
    from shopkeeper.wiring.experiment_run import analyze as analyze_now
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    settings = load_settings(workspace)
    with open_workspace_state(settings) as state:
        if state.experiments.get(name).plan.prices is not None:
            from shopkeeper.wiring.price_tests.running import analyze_price_test

            kept = analyze_price_test(settings, state, name, datetime.now(UTC))
        else:
            with gathering(settings, state) as gather:
                kept = analyze_now(state, name, gather, datetime.now(UTC))
    Output(json).result({"number": kept.number, "analysis": msgspec.to_builtins(kept.analysis)}, _words(kept))
    verdict = kept.analysis.verdict
    if verdict is not None and verdict.outcome == "invalid":
        raise ContractNotMet(verdict.words, "Find out why before anybody believes a figure: see `experiment report`.")


def decide(
    name: Name,
    choice: Annotated[
        Literal["adopt", "reject", "repeat", "keep running"], typer.Option(help="What is done.", show_choices=True)
    ],
    why: Why,
    learning: Annotated[
        str, typer.Option(help="What the house knows now that it did not know before; others find it by its words.")
    ],
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Write down who decided what on the newest analysis, and what was learnt; it is added and never changed."""
    from datetime import UTC, datetime

    import msgspec

    from shopkeeper.cli.output import Output
    from shopkeeper.cli.who import say_who
    from shopkeeper.wiring.experiment_run import decide as decide_now
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    out, settings = Output(json), load_settings(workspace)
    with open_workspace_state(settings) as state:
        actor = _actor(settings, "approve", state.experiments.get(name).plan.stores)
        kept = decide_now(state, name, actor.who, choice, why, learning, datetime.now(UTC))
    say_who(out, actor)
    words = f"{kept.person} decided on analysis {kept.analysis} ({kept.outcome}): {kept.choice}."
    out.result({"decision": msgspec.to_builtins(kept)}, words)


def report(
    name: Name,
    html: Annotated[Path | None, typer.Option(help="Write the page as one HTML file that needs nothing else.")] = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Report an experiment: the answer, the effect over time, every metric, groups, and who decided what."""
    from shopkeeper.cli.output import Output
    from shopkeeper.experiments.report import answer
    from shopkeeper.wiring.experiment_run import report_of, write_report
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.workspace_state import open_workspace_state

    with open_workspace_state(load_settings(workspace)) as state:
        found = report_of(state, name)
    if html is not None:
        write_report(found, html)
    Output(json).result(found.document(), answer(found) if html is None else f"{answer(found)}\n{html} is written.")


def _actor(settings: Settings, right: Right, stores: Sequence[str]) -> Actor:
    """Return who is at this terminal, after checking their right in every store of a test; none named = all."""
    from shopkeeper.people.roles import ALL
    from shopkeeper.wiring.people import signed_in

    first, *others = stores or (ALL,)
    actor = signed_in(settings, right, first)
    for store in others:
        actor.must(right, store)
    return actor


def _words(kept: KeptAnalysis) -> str:
    from shopkeeper.experiments.report import chance, interval, signed

    analysis, verdict = kept.analysis, kept.analysis.verdict
    made_up = " [simulated]" if analysis.simulated else ""
    lines = [f"Analysis {kept.number}{made_up}: {verdict.outcome if verdict else ''}"]
    sizes = ", ".join(f"{arm} {count:,} ({analysis.matured[arm]:,} matured)" for arm, count in analysis.units.items())
    sound = analysis.soundness
    proof = (
        f"SRM p {chance(sound.srm_any_look)} over all looks"
        if sound.srm_p
        else f"{sound.crossers:,} price days not as drawn ({sound.crosser_share:.2%})"
    )
    lines.append(f"  units       {sizes}; {proof}")
    for one in analysis.effects:
        best = one.best
        said = best.reason or (
            f"{signed(best.relative)} ({interval(best.fixed)}; any look {interval(best.always)}),"
            f" p {chance(one.p_holm)}"
        )
        lines.append(f"  {one.metric:<17} {one.arm:<12} {said}")
    lines += [f"  {metric:<17} not measured: {why}" for metric, why in analysis.not_measured.items()]
    lines += [f"  {one.segment:<17} {one.arm:<12} {signed(one.estimate.relative)} ({interval(one.estimate.fixed)})"
              for one in analysis.segments]  # fmt: skip
    lines += [f"  {one.words}" for one in analysis.novelty]
    if verdict is not None:
        lines += [f"  {arm.words}" for arm in verdict.arms]
        if verdict.next_step:
            lines.append(f"  then        {verdict.next_step}")
    return "\n".join(lines)
