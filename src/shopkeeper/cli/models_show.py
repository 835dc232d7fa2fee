"""`shopkeeper models show`: from a version, or a decision it made, back to data, code, run and verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from shopkeeper.wiring.model_lineage import FoundDecision, ShownVersion


def register(group: typer.Typer) -> None:
    """Add the verb."""
    group.command("show")(show)


def show(
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="As `shopkeeper models` shows it; or name a decision.")
    ] = None,
    decision: Annotated[str | None, typer.Option(help="Id of a served decision: show the version behind it.")] = None,
    system: Annotated[str | None, typer.Option(help="System, where several have a version of that name.")] = None,
    workspace: Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show where a version comes from, what it was worth, why it was blessed, and what it served."""
    from shopkeeper.cli.output import Output
    from shopkeeper.errors import InputError
    from shopkeeper.wiring.model_lineage import find_decision, show_version
    from shopkeeper.wiring.settings import load_settings

    if (version is None) == (decision is None):
        raise InputError("Name a version or a decision.", "`models show VERSION`, or `models show --decision ID`.")
    settings = load_settings(workspace)
    found = find_decision(settings, decision) if decision is not None else None
    shown = None
    if found is None or found.model is not None:
        name = found.model if found is not None else version
        shown = show_version(settings, str(name), found.system if found is not None else system)
    Output(json).result(document(shown, found), "\n".join(text(shown, found)))


def document(shown: ShownVersion | None, decision: FoundDecision | None) -> dict[str, Any]:
    """Return everything for machines."""
    import msgspec

    answer: dict[str, Any] = {} if decision is None else {"decision": msgspec.to_builtins(decision)}
    if shown is None:
        return answer
    one = shown.version
    return answer | {
        "system": one.system,
        "version": one.version,
        "model": one.model,
        "created_at": one.created_at.isoformat(timespec="seconds"),
        "blessed": one.blessed,
        "status": one.status,
        "pinned": one.pinned,
        "aliases": list(shown.aliases),
        "fingerprint": one.fingerprint,
        "metrics": one.metrics,
        "lineage": dict(shown.facts.known),
        "history": msgspec.to_builtins(list(shown.history)),
        "served": msgspec.to_builtins(list(shown.served)),
        "card": str(shown.card) if shown.card is not None else None,
    }


def text(shown: ShownVersion | None, decision: FoundDecision | None) -> Iterator[str]:
    """Return everything for people."""
    if decision is not None:
        where = f"{decision.system} for {decision.store}" + (f", {decision.surface}" if decision.surface else "")
        yield f"Decision {decision.decision_id}: {where}, {decision.ts:%Y-%m-%d %H:%M:%S} UTC, arm {decision.variant}."
    if shown is None:
        why = decision.fallback if decision is not None else None
        yield f"The rules answered it{f' ({why})' if why else ''}; there is no model behind it."
        return
    yield from _head(shown)
    yield from _part("Data", {"fingerprint": shown.version.fingerprint, **_known(shown, "data", "cutoff", "quality")})
    yield from _part("Made by", _known(shown, "run", "code", "champion", "seed", "plan", "environment", "dependencies"))
    yield from _part("Parameters", _known(shown, "parameters").get("parameters", {}))
    yield from _part("Search and spread", _search(shown))
    yield from _metrics(shown)
    yield from _importance(shown)
    yield from _verdict(shown)
    yield from _history(shown)


def _head(shown: ShownVersion) -> Iterator[str]:
    from shopkeeper.training.card import answer

    one = shown.version
    marks = [*shown.aliases, *(["pinned"] if one.pinned else []), *(["pruned"] if one.status == "pruned" else [])]
    listed = f" ({', '.join(marks)})" if marks else ""
    yield f"{one.model}, version {one.version} of {one.system}{listed}"
    yield f"Made {one.created_at:%Y-%m-%d %H:%M} UTC. {answer(shown.facts)}"
    if shown.facts.simulated:
        yield "Simulated: every store it learned from is made up."
    if shown.card is not None:
        yield f"Card: {shown.card}"


def _known(shown: ShownVersion, *names: str) -> dict[str, Any]:
    return {name: shown.facts.known[name] for name in names if shown.facts.known.get(name) not in (None, "", {}, [])}


def _search(shown: ShownVersion) -> dict[str, Any]:
    known, found = shown.facts.known, _known(shown, "trial")
    trials, folds = known.get("trials"), known.get("cross_validation")
    if trials:
        found["trials"] = len(trials) if isinstance(trials, list) else trials
    if folds:
        found["moments of the past"] = folds.get("note") if isinstance(folds, Mapping) else folds
    return found


def _part(title: str, found: Mapping[str, Any]) -> Iterator[str]:
    rows = list(_flat(found))
    if rows:
        yield from ("", title)
        yield from (f"  {name:<28} {value}" for name, value in rows)


def _flat(found: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        words = f"{above} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, words)
        elif value not in (None, "", []):
            yield words, ", ".join(map(str, value)) if isinstance(value, list) else value


def _metrics(shown: ShownVersion) -> Iterator[str]:
    from shopkeeper.registry.figures import interval_text, is_interval

    figures = shown.version.metrics
    found = {name: one for name, one in figures.items() if is_interval(one)}
    if found:
        yield from ("", f"{'Metrics, 95% intervals':<30} {'model':<28}{'baseline':<28}difference")
    for name, one in found.items():
        base = interval_text(figures.get("baseline", {}).get(name, {}))
        gap = interval_text(figures.get("difference", {}).get(name, {}), signed=True)
        yield f"  {name:<28} {interval_text(one):<28}{base:<28}{gap}".rstrip()


def _importance(shown: ShownVersion) -> Iterator[str]:
    found = shown.version.metrics.get("importance")
    ranked = sorted(found.items(), key=lambda one: -one[1]) if isinstance(found, Mapping) else []
    yield from _part("What it lives on, share of what is lost", {name: f"{share:.1%}" for name, share in ranked})


def _verdict(shown: ShownVersion) -> Iterator[str]:
    yield from ("", f"Verdict: {'blessed' if shown.version.blessed else 'not blessed'}")
    objective = shown.facts.known.get("objective")
    if isinstance(objective, str):
        yield f"  objective {objective}"
    blessing = shown.facts.known.get("blessing")
    for reason in blessing.get("reasons", ()) if isinstance(blessing, Mapping) else ():
        yield f"  {'met    ' if reason.get('met') else 'NOT MET'} {reason.get('rule')}: {reason.get('text')}"


def _history(shown: ShownVersion) -> Iterator[str]:
    if shown.history:
        yield from ("", "What was done with it")
    for entry in shown.history:
        detail = entry["detail"]
        act = entry["action"].removeprefix("model.")
        if act == "point":
            act = f"{detail['alias']}: {detail['from'] or 'none'} -> {detail['to']}"
        yield f"  {entry['at']:%Y-%m-%d %H:%M} UTC  {entry['who']}: {act} ({detail.get('why', '')})"
    total = sum(one.decisions for one in shown.served)
    yield from ("", f"Decisions it answered: {total:,}")
    for one in shown.served:
        yield f"  {one.store:<20} {one.decisions:>10,}  {one.first:%Y-%m-%d %H:%M} to {one.last:%Y-%m-%d %H:%M} UTC"
