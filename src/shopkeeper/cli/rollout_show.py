"""`shopkeeper rollout status|history|explain|holdout`: where it is, what happened, why, and what it all brings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shopkeeper.errors import ContractNotMet, InputError
from shopkeeper.web.locale_text import ago

if TYPE_CHECKING:
    from shopkeeper.rollout.findings import Verdict
    from shopkeeper.rollout.state import Override
    from shopkeeper.wiring.rollouts.status import Explained, Overview, RolloutStatus
    from shopkeeper.wiring.rollouts.timeline import Entry

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def register(group: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (status, history, explain, holdout):
        group.command(verb.__name__)(verb)


def status(workspace: Workspace = Path(), json: Json = False) -> None:
    """Where every rollout is: stage, share, evidence so far, next gate, and when it may open at the earliest."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.rollouts.status import rollout_overview
    from shopkeeper.wiring.settings import load_settings

    found, now = rollout_overview(load_settings(workspace)), datetime.now(UTC)
    Output(json).result(found.document(), table(found, now))


def holdout(
    system: Annotated[str, typer.Argument(metavar="SYSTEM")] = "recommendations",
    weeks: Annotated[int, typer.Option(min=1, max=26, help="Weeks up to now that are counted.")] = 4,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Revenue that a system brings, by the shoppers held out for ever, beside the least that so few could show."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.rollouts.holdout import holdout_money
    from shopkeeper.wiring.settings import load_settings

    found = holdout_money(load_settings(workspace), system, weeks, datetime.now(UTC))
    lines = [
        f"{', '.join(one.stores)}, {weeks} weeks: {one.figure.money:+,.0f} {one.currency} of {one.others:,} shoppers"
        f" ({one.figure.money_low:+,.0f} to {one.figure.money_high:+,.0f}). {one.figure.words}"
        for one in found
    ]
    Output(json).result(
        {"weeks": weeks, "system": system, "holdout": [one.document() for one in found]}, "\n".join(lines)
    )


def history(
    rollout: Annotated[
        str | None, typer.Argument(metavar="[ROLLOUT]", help="Its id, or a system's name: its newest rollout.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything that changed: models, prices, rules, settings, feeds, verdicts.")
    ] = False,
    since: Annotated[str, typer.Option(metavar="SPAN", help="Such as 90m, 24h, 7d or 2w.")] = "52w",
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """One time line, newest first: of a rollout, or with `--all` of all that could have changed what shoppers get."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.rollouts.timeline import timeline
    from shopkeeper.wiring.settings import load_settings

    if everything == (rollout is not None):
        raise InputError(
            "Name one rollout or system, or ask for `--all`.", "Such as: rollout history --all --since 24h"
        )
    entries = timeline(load_settings(workspace), datetime.now(UTC) - span(since), rollout)
    Output(json).result({"entries": [one.document() for one in entries]}, _lines(entries))


def explain(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="A verdict such as ROLLOUT/3; a rollout or system: its newest verdict.")
    ],
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Make a verdict again from the evidence kept with it, compare it byte for byte, and say why, check by check."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.rollouts.status import explain as explained
    from shopkeeper.wiring.settings import load_settings

    found = explained(load_settings(workspace), name)
    Output(json).result(found.document(), explanation(found))
    if not found.recomputed.same:
        raise ContractNotMet(
            f"Verdict {found.record.id} comes out differently now: {found.recomputed.verdict.word}.",
            "Its evidence was changed, or it was made by another version of Shopkeeper.",
        )


def span(text: str) -> timedelta:
    """Return a time such as 24h. Raises InputError."""
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in _UNITS:
        raise InputError(f"--since {text!r} is no span of time.", "Write such as 90m, 24h, 7d or 2w.")
    return timedelta(**{_UNITS[unit]: int(number)})


def table(found: Overview, now: datetime) -> str:
    """Return where everything is, for people."""
    lines: list[str] = []
    for stop in found.stops:
        where = f"{stop.system or 'every system'} in {stop.store or 'every store'}"
        lines += [f"STOPPED: {where} by {stop.person} at {stop.at}: {stop.reason}", ""]
    for one in found.rollouts:
        lines += [*_status(one, now), ""]
    for blessed in found.waiting:
        what = blessed.reason or ("begins by itself" if blessed.approval == "automatic" else "a person may begin it")
        lines.append(f"Blessed and waiting: {blessed.system} {blessed.version}; {what}.")
    if not lines:
        return "No rollout yet. Begin one: `shopkeeper rollout start recommendations`."
    return "\n".join(lines).rstrip()


def _status(one: RolloutStatus, now: datetime) -> list[str]:
    state, told = one.state, one.state.ramp[one.state.step]
    against = state.control_version or "the rules"
    lines = [
        f"{state.system}: {state.version} against {against}, {state.status.replace('_', ' ')} in {state.stage}"
        f" ({100 * told.share:g}%) since {state.stage_since:%Y-%m-%d %H:%M} UTC",
        f"  rollout   {state.id}; test {one.test_of_quarter} of this quarter, alpha {state.plan.alpha:g}",
    ]
    if state.held is not None:
        lines.append(f"  held      by {state.held.person}: {state.held.reason}")
    if one.override is not None:
        lines.append(f"  override  {override_words(one.override)}: {one.override.reason}")
    if state.ending is not None:
        lines.append(
            f"  ended     {state.ending.at:%Y-%m-%d %H:%M} UTC by {state.ending.person}: {state.ending.reason}"
        )
    if one.frozen:
        lines.append(f"  frozen    {one.frozen}; harm is watched all the same")
    if one.verdict is not None:
        lines.append(f"  verdict   {one.verdict.word}: {one.verdict.why} ({one.verdict.id})")
    if state.alive:
        seen = one.watched
        lines.append(
            f"  watched   {'never; start `shopkeeper work`' if seen is None else f'{ago(seen[0], now)}: {seen[1]}'}"
        )
    if one.next_step is not None:
        when = "" if one.earliest is None else f", at the earliest {one.earliest:%Y-%m-%d %H:%M} UTC"
        lines.append(f"  next      {one.next_step.stage} ({100 * one.next_step.share:g}%){when}")
    return lines


def override_words(override: Override) -> str:
    """Return until when a gate may be passed, and who allows it."""
    return f"until {override.expires:%Y-%m-%d %H:%M} UTC by {override.person}"


def explanation(found: Explained) -> str:
    """Return why, for people."""
    record = found.record
    same = "the same to the last bit" if found.recomputed.same else "DIFFERENT"
    head = [
        f"{record.id}: {record.word} at {record.at:%Y-%m-%d %H:%M:%S} UTC in {record.stage}; {record.effect}",
        f"made again from its evidence: {same}; objective {record.digest[:12]}",
        "",
    ]
    return "\n".join([*head, *findings(record.read)])


def findings(verdict: Verdict) -> list[str]:
    """Return every check of a verdict, one line each."""
    return [f"  {one.outcome:<9}{one.check:<30} {one.words}" for one in verdict.findings]


def _lines(entries: list[Entry]) -> str:
    if not entries:
        return "Nothing changed in that time."
    return "\n".join(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.kind:<12}{one.who:<28.28}  {one.what}" for one in entries)
