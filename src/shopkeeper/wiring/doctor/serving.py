"""What serving needs: model bundles that are what was registered, a champion, and keys."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shopkeeper.engines.state import State
from shopkeeper.errors import BundleDamaged
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.registry.ports import ALIASES, ModelRegistry
from shopkeeper.serving.ports import KeyStore
from shopkeeper.wiring.doctor.finding import Finding, listed, passed

KEYS_FILE = "storefront-keys.json"

BrowserProblems = Callable[[Path, KeyStore], tuple[str, ...]]
"""Says, for a workspace, why keys of its storefront file may not be handed to browsers."""


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """One registered version: the aliases that point to it, and what is wrong with its files (None = nothing)."""

    system: str
    version: str
    aliases: tuple[str, ...]
    trouble: str | None


@dataclass(frozen=True, slots=True)
class PointerFacts:
    """The champion of one system: the version it points to, and whether that version is registered."""

    system: str
    version: str | None
    registered: bool


@dataclass(frozen=True, slots=True)
class KeyFileFacts:
    """The storefront's key file: whether it is there, who else may read it, and which keys are unfit."""

    exists: bool
    others_read: bool = False
    problems: tuple[str, ...] = ()


def check_bundles(bundles: Sequence[BundleFacts]) -> Finding:
    """Judge whether the files of every registered version are those that were written, by their hashes."""
    damaged = [bundle for bundle in bundles if bundle.trouble is not None]
    if not damaged:
        return passed("models.bundles", f"{len(bundles)} versions, every file with the hash it was written with")
    pointed = [bundle for bundle in damaged if bundle.aliases]
    status: Literal["fail", "warn"] = "fail" if pointed else "warn"
    what = [f"{b.version} ({', '.join(b.aliases) or 'no alias'}): {b.trouble}" for b in (*pointed, *damaged)]
    remedy = "Restore the folder from a backup, or train again with `shopkeeper train`."
    return Finding("models.bundles", status, listed(list(dict.fromkeys(what))), remedy)


def check_champion(pointer: PointerFacts) -> Finding:
    """Judge whether a system has a model to serve."""
    name = f"models.champion.{pointer.system}"
    if pointer.version is None:
        remedy = f"Train one: `shopkeeper train {pointer.system}`; until then the rules answer."
        return Finding(name, "warn", "no champion", remedy)
    if not pointer.registered:
        remedy = "Point it to a version of `shopkeeper models`, or train again; until then the rules answer."
        return Finding(name, "fail", f"the champion is {pointer.version}, which is not registered", remedy)
    return passed(name, f"the champion is {pointer.version}")


def check_keys(valid: int) -> Finding:
    """Judge whether anyone can call the API."""
    if valid:
        return passed("keys", f"{valid} valid API keys")
    remedy = "Make one: `shopkeeper keys create --store S --scopes events,decide`."
    return Finding("keys", "warn", "no valid API key", remedy)


def check_key_file(facts: KeyFileFacts) -> Finding:
    """Judge the file of keys that the storefront hands to browsers."""
    name = "keys.storefront"
    if not facts.exists:
        return passed(name, f"no {KEYS_FILE}; the storefront shows no recommendations of its own")
    if facts.problems:
        return Finding(name, "fail", listed(facts.problems), "Make keys with events,decide alone, one a store.")
    if facts.others_read:
        remedy = f"Let only this user read it: `chmod 600 {KEYS_FILE}`."
        return Finding(name, "warn", f"{KEYS_FILE} can be read by others on this machine", remedy)
    return passed(name, f"{KEYS_FILE} is readable by this user alone, and its keys are fit for browsers")


def look_at_bundles(registry: ModelRegistry, models: Path) -> list[BundleFacts]:
    """Return every version whose files should be there, with what is wrong with them; every byte is read."""
    found = []
    for one in (version for version in registry.versions() if version.status == "ready"):
        aliases = tuple(alias for alias in ALIASES if registry.pointer(one.system, alias) == one.version)
        trouble: str | None = None
        try:
            manifest = open_bundle(models / one.folder).manifest
            if (manifest.version, manifest.system) != (one.version, one.system):
                trouble = f"its manifest is that of {manifest.system} {manifest.version}"
        except BundleDamaged as error:
            trouble = error.reason
        found.append(BundleFacts(one.system, one.version, aliases, trouble))
    return found


def look_at_champion(registry: ModelRegistry, system: str) -> PointerFacts:
    """Return where the champion of a system points to."""
    version = registry.pointer(system, "champion")
    return PointerFacts(system, version, any(one.version == version for one in registry.versions(system)))


def look_at_key_file(workspace: Path, state: State, problems: BrowserProblems) -> KeyFileFacts:
    """Return who may read the storefront's key file, and which of its keys are unfit for browsers."""
    try:
        mode = (workspace / KEYS_FILE).stat().st_mode
    except OSError:
        return KeyFileFacts(exists=False)
    return KeyFileFacts(True, bool(mode & (stat.S_IRGRP | stat.S_IROTH)), problems(workspace, state.keys))
