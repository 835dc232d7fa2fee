"""`shopkeeper rollout`: how a version goes to shoppers, step by step, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shopkeeper.cli import rollout_show, rollout_stop
from shopkeeper.cli.who import say_who

if TYPE_CHECKING:
    from collections.abc import Callable

    from shopkeeper.people.roles import Right
    from shopkeeper.rollout.state import RolloutState
    from shopkeeper.wiring.settings import Settings

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Named = Annotated[str, typer.Argument(metavar="ROLLOUT", help="Its id, or a system's name: its newest rollout.")]
Why = Annotated[str, typer.Option("--why", metavar="REASON", help="Kept with the rollout and in the audit.")]
_UNTIL = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    group = typer.Typer(
        help="How a version goes to shoppers: shadow, A/B test, ramp, everybody; each step by the gate's verdict.\n\n"
        "`shopkeeper work` judges every rollout every minute, takes the steps the gate allows, and takes back what does"
        " harm. These verbs start, look, hold and override.",
        no_args_is_help=True,
    )
    for verb in (start, advance, hold, resume, rollback, override):
        group.command(verb.__name__)(verb)
    rollout_show.register(group)
    rollout_stop.register(group)
    app.add_typer(group, name="rollout")


def start(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="Such as recommendations.")],
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="As `shopkeeper models` shows it; else the challenger.")
    ] = None,
    why: Why = "",
    units_per_arm: Annotated[
        int | None,
        typer.Option(min=1, help="Matured units of one arm (of pricing: cells) at which the test ends; else planned."),
    ] = None,
    unblessed: Annotated[
        str, typer.Option(metavar="REASON", help="Send a version that training did not bless; needs an admin.")
    ] = "",
    tester: Annotated[
        list[str] | None, typer.Option(metavar="UNIT=ARM", help="Put a tester into an arm; counted nowhere.")
    ] = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Begin a rollout; in its first step, shadow, no shopper sees the version.

    Needs objectives/SYSTEM.yaml in your own words: every verdict is made by it. One rollout of a system at a time; one
    that serves everybody is finished by the next, and one whose objective changed makes room for a new test.

    Of pricing, no shopper is divided: a run of the version is approved (`price approve`), clusters of goods switch
    between its prices and those that stand, and at the end a run is published (docs/guides/price-rollouts.md).
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.people import signed_in
    from shopkeeper.wiring.rollouts.foresight import foresight_of
    from shopkeeper.wiring.rollouts.start import Start, start_rollout
    from shopkeeper.wiring.settings import load_settings

    settings, output = load_settings(workspace), Output(json)
    forced = testers(tester or [])
    actor = signed_in(settings, "override" if unblessed else "advance")
    say_who(output, actor)
    asked = Start(version, why, units_per_arm, unblessed, forced)
    begun = start_rollout(settings, system, asked, actor.who, foresight_of(settings))
    plan = begun.plan
    output.result(
        document(begun),
        f"Rollout {begun.id} of {begun.version} against {begun.control_version or 'the rules'} begins in"
        f" {begun.stage}.\nIt ends at {plan.users_per_arm:,} matured {begun.counted} an arm. `shopkeeper work` judges"
        f" it every minute; `shopkeeper rollout status` tells how far it is.",
    )


def advance(name: Named, why: Why, workspace: Workspace = Path(), json: Json = False) -> None:
    """Ask the gate now and go on where it allows; exit 1 where it does not.

    The gate is asked by `shopkeeper work` every minute anyway; this is for a machine without a worker, or for haste.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.errors import ContractNotMet
    from shopkeeper.wiring.evidence import MeasuredRollouts
    from shopkeeper.wiring.people import signed_in
    from shopkeeper.wiring.rollouts.acts import advance_rollout
    from shopkeeper.wiring.settings import load_settings

    settings, output = load_settings(workspace), Output(json)
    actor = signed_in(settings, "advance")
    say_who(output, actor)
    done = advance_rollout(settings, name, actor.who, why, MeasuredRollouts)
    verdict = done.judged.verdict
    output.result(
        document(done.state) | {"word": verdict.word, "why": verdict.why, "effect": done.effect},
        f"{verdict.word}: {verdict.why}\n{_done(done.effect)}",
    )
    if not done.effect.startswith("advanced"):
        raise ContractNotMet(
            f"The gate says {verdict.word}.", f"See why, check by check: `shopkeeper rollout explain {done.state.id}`."
        )


def hold(name: Named, why: Why, workspace: Workspace = Path(), json: Json = False) -> None:
    """Let a rollout go no further for now. Harm is watched and taken back all the same."""
    from shopkeeper.wiring.rollouts.acts import hold_rollout

    _act(workspace, json, "hold", lambda settings, who: hold_rollout(settings, name, who, why))


def resume(name: Named, why: Why, workspace: Workspace = Path(), json: Json = False) -> None:
    """Let a held rollout go on."""
    from shopkeeper.wiring.rollouts.acts import resume_rollout

    _act(workspace, json, "advance", lambda settings, who: resume_rollout(settings, name, who, why))


def rollback(name: Named, why: Why, workspace: Workspace = Path(), json: Json = False) -> None:
    """Take a rollout back: what served before answers everybody within a second, on every process. It stays over."""
    from shopkeeper.wiring.rollouts.acts import roll_back

    _act(workspace, json, "rollback", lambda settings, who: roll_back(settings, name, who, why))


def override(
    name: Named,
    why: Why,
    until: Annotated[
        datetime | None, typer.Option(formats=_UNTIL, help="When it lapses, UTC; else in 24 hours.")
    ] = None,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Let a rollout pass the gate of its present step, whatever that waits for; the next look takes the step.

    For an admin, with a reason and an end; audited. Never past harm, and never past figures nobody can judge by.
    """
    from shopkeeper.wiring.rollouts.acts import override_gate

    moment = datetime.now(UTC) + timedelta(days=1) if until is None else until.replace(tzinfo=UTC)
    _act(workspace, json, "override", lambda settings, who: override_gate(settings, name, who, why, moment))


def testers(named: list[str]) -> dict[str, str]:
    """Return arms by unit from `UNIT=ARM`. Raises InputError for anything else."""
    from shopkeeper.errors import InputError
    from shopkeeper.experiments.live_test import CONTROL, TREATMENT

    found = {}
    for one in named:
        unit, _, arm = one.rpartition("=")
        if not unit or arm not in (CONTROL, TREATMENT):
            raise InputError(f"--tester {one!r} names no unit and arm.", f"Write UNIT={TREATMENT} or UNIT={CONTROL}.")
        found[unit] = arm
    return found


def document(state: RolloutState) -> dict[str, object]:
    """Return a rollout for machines, in short."""
    return {
        "rollout": state.id, "system": state.system, "version": state.version,
        "control_version": state.control_version, "status": state.status, "stage": state.stage,
        "users_per_arm": state.plan.users_per_arm, "revision": state.revision,
    }  # fmt: skip


def _act(workspace: Path, json: bool, right: Right, do: Callable[[Settings, str], RolloutState]) -> None:
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.rollout_show import override_words
    from shopkeeper.rollout.stages import open_override
    from shopkeeper.wiring.people import signed_in
    from shopkeeper.wiring.settings import load_settings

    settings, output = load_settings(workspace), Output(json)
    actor = signed_in(settings, right)
    say_who(output, actor)
    state = do(settings, actor.who)
    said = f"Rollout {state.id} is {state.status.replace('_', ' ')} in {state.stage}."
    override = open_override(state, datetime.now(UTC)) if state.alive else None
    output.result(document(state), f"{said} It may pass this gate {override_words(override)}." if override else said)


def _done(effect: str) -> str:
    return "Nothing was done." if effect == "nothing" else f"{effect[0].upper()}{effect[1:]}."
