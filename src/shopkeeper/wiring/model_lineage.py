"""From a version, or a decision it made, back to data, code, run and verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.state import State
from shopkeeper.errors import BundleDamaged, InputError, UnknownModel
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.registry.bundle import CARD_FILE, Manifest, read_manifest
from shopkeeper.registry.ports import ALIASES, Alias, ModelVersion
from shopkeeper.training.card import write_card
from shopkeeper.training.card_facts import CardFacts, facts_of
from shopkeeper.wiring.objectives import objectives_folder
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.version_words import drift_words, objective_words
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

REPORTS_SEARCHED = 1_000


@dataclass(frozen=True, slots=True)
class ServedIn:
    """How many decisions of a store a version answered, and when."""

    store: str
    decisions: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class FoundDecision:
    """One decision as the log has it; `model` None = the rules answered, because of `fallback`."""

    decision_id: str
    ts: datetime
    store: str
    system: str
    surface: str | None
    model: str | None
    variant: str
    fallback: str | None


@dataclass(frozen=True)
class ShownVersion:
    """A version and everything that leads to it and from it.

    Attributes:
        history: Audit entries about it, oldest first: at, who, action, detail.
        served: Decisions it answered, by store.
        card: Where its card lies; None when it has none.
    """

    version: ModelVersion
    facts: CardFacts
    aliases: tuple[Alias, ...]
    history: Sequence[Mapping[str, Any]]
    served: Sequence[ServedIn]
    card: Path | None


def show_version(settings: Settings, version: str, system: str | None = None) -> ShownVersion:
    """Return a version with its lineage. Raises UnknownModel; InputError where several systems have that version."""
    with open_workspace_state(settings) as state:
        found = find_version(state, version, system)
        facts = version_facts(settings, state, found)
        history = list(reversed(state.audit.of_model(found.system, found.version)))
        aliases = tuple(a for a in ALIASES if state.registry.pointer(found.system, a) == found.version)
    card = settings.folder(settings.engines.models) / found.folder / CARD_FILE
    return ShownVersion(found, facts, aliases, history, _served(settings, found), card if card.is_file() else None)


def find_decision(settings: Settings, decision: str) -> FoundDecision:
    """Return a decision of the log. Raises InputError when there is none of that id."""
    lake = _lake(settings)
    with Analytics(settings, lake).reading() as warehouse:
        found = warehouse.fetch(NamedQuery.load("shopkeeper.wiring", "decision_model"), decision=decision)
    if not len(found["decision_id"]):
        raise InputError(
            f"There is no decision {decision!r} in the log.",
            "Decisions are seen within a minute, and are kept `privacy.event_days` days.",
        )
    one = {name: column[0] for name, column in found.items()}
    text = {name: None if value is None else str(value) for name, value in one.items() if name != "ts"}
    return FoundDecision(
        decision_id=str(one["decision_id"]),
        ts=_moment(one["ts"]),
        store=str(one["store"]),
        system=str(one["system"]),
        surface=text["surface"],
        model=text["model"],
        variant=str(one["variant"]),
        fallback=text["fallback"],
    )


def find_version(state: State, version: str, system: str | None = None) -> ModelVersion:
    """Return a version by name. Raises UnknownModel; InputError where several systems have one of that name."""
    found = [one for one in state.registry.versions(system) if one.version == version]
    if not found:
        raise UnknownModel(
            f"Version {version!r} is not registered.", "See the versions there are: `shopkeeper models`."
        )
    if len(found) > 1:
        systems = ", ".join(one.system for one in found)
        raise InputError(f"Version {version!r} is in {systems}.", "Name one with `--system`.")
    return found[0]


def pin_version(settings: Settings, version: str, pinned: bool, who: str, why: str, system: str | None = None) -> str:
    """Pin or unpin a version and return its system. Raises UnknownModel; InputError."""
    with open_workspace_state(settings) as state:
        found = find_version(state, version, system)
        state.registry.pin(found.system, found.version, pinned, who, why)
    return found.system


def write_version_card(settings: Settings, version: str, system: str | None = None) -> Path:
    """Write the card of a registered version beside its manifest and return where. Raises as `find_version`."""
    with open_workspace_state(settings) as state:
        found = find_version(state, version, system)
        facts = version_facts(settings, state, found)
    return write_card(settings.folder(settings.engines.models) / found.folder, facts)


def version_facts(settings: Settings, state: State, version: ModelVersion) -> CardFacts:
    """Return what is known of a version, from registry, bundle and the report of its run."""
    reports = state.reports.latest("training", limit=REPORTS_SEARCHED)
    report = next((one.body for one in reports if one.body.get("version") == version.version), None)
    stores = [sourced.row for sourced in state.tables.scan(STORES)]
    simulated = bool(stores) and all(getattr(store, "simulated", False) for store in stores)
    folder = settings.folder(settings.engines.models) / version.folder
    more = {
        "drift": drift_words(folder),
        "objective": objective_words(objectives_folder(settings), version.system, version.lineage.objective),
    }
    known = (report or {}) | {name: found for name, found in more.items() if found}
    return facts_of(version, _manifest(folder), known, simulated=simulated)


def _manifest(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)
    except BundleDamaged:
        return None


def _served(settings: Settings, version: ModelVersion) -> list[ServedIn]:
    query = NamedQuery.load("shopkeeper.wiring", "decisions_of_model")
    with Analytics(settings, _lake(settings)).reading() as warehouse:
        found = warehouse.fetch(query, system=version.system, version=version.version)
    columns = (found[name] for name in ("store", "decisions", "first", "last"))
    return [
        ServedIn(str(store), int(count), _moment(first), _moment(last))
        for store, count, first, last in zip(*columns, strict=True)
    ]


def _lake(settings: Settings) -> Lake:
    lake = lake_of(settings)
    lake.compact()
    return lake


def _moment(value: Any) -> datetime:  # noqa: ANN401 - numpy's time as the warehouse gives it
    moment: datetime = np.datetime64(value, "us").item()
    return moment.replace(tzinfo=UTC)
