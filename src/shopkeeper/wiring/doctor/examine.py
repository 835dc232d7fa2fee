"""The doctor's round through one workspace: every check with the facts it needs. Nothing is changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shopkeeper.engines.duckdb_warehouse import DuckDbWarehouse
from shopkeeper.engines.experiment_spool import Spool
from shopkeeper.engines.lake_health import look_at_lake
from shopkeeper.engines.log_health import look_at_log
from shopkeeper.engines.state import State, open_state
from shopkeeper.engines.state_health import look_at_state
from shopkeeper.errors import ConfigError
from shopkeeper.wiring.doctor.data import (
    SURFACE_DAYS,
    check_experiment_log,
    check_lake,
    check_log_damage,
    check_log_waiting,
    check_state,
    check_surface,
    look_at_surfaces,
)
from shopkeeper.wiring.doctor.finding import Diagnosis, Finding, passed
from shopkeeper.wiring.doctor.machine import (
    check_clock,
    check_disk,
    check_folders,
    check_packages,
    look_at_clock,
    look_at_disk,
    look_at_folder,
    look_at_packages,
    newest_file,
)
from shopkeeper.wiring.doctor.objectives import check_objectives
from shopkeeper.wiring.doctor.servers import about_servers
from shopkeeper.wiring.doctor.serving import (
    BrowserProblems,
    check_bundles,
    check_champion,
    check_key_file,
    check_keys,
    look_at_bundles,
    look_at_champion,
    look_at_key_file,
)
from shopkeeper.wiring.objectives import held_objectives
from shopkeeper.wiring.settings import CONFIG_FILE, Settings, load_settings
from shopkeeper.wiring.training_job import SYSTEMS


def examine(workspace: Path, browser_problems: BrowserProblems) -> Diagnosis:
    """Return what is well and what is not about a workspace; with settings that cannot be read, only that.

    Args:
        browser_problems: Says which keys of the storefront's file may not be handed to browsers.
    """
    place = str(workspace.resolve())
    try:
        settings = load_settings(workspace)
    except ConfigError as error:
        found = (Finding("config", "fail", error.reason, error.remedy), check_packages(look_at_packages()))
        return Diagnosis(place, found)
    wall, steady = time.time(), time.monotonic()
    findings = [passed("config", f"{CONFIG_FILE} and the environment can be read")]
    findings.append(check_objectives(held_objectives(settings)))
    findings += _about_machine(settings)
    findings += _about_data(settings)
    findings += _about_serving(settings, browser_problems)
    log = settings.folder(settings.engines.log)
    newest = newest_file([log, settings.folder(settings.engines.lake), settings.folder(settings.engines.quarantine)])
    findings.append(check_clock(look_at_clock(log if log.is_dir() else workspace, wall, steady, newest)))
    return Diagnosis(place, tuple(findings))


def _about_machine(settings: Settings) -> Iterator[Finding]:
    engines = settings.engines
    folders = {
        "workspace": settings.workspace.resolve(), "log": settings.folder(engines.log),
        "lake": settings.folder(engines.lake), "models": settings.folder(engines.models),
        "quarantine": settings.folder(engines.quarantine),
    }  # fmt: skip
    yield check_packages(look_at_packages())
    yield check_folders([look_at_folder(name, path) for name, path in folders.items()])
    yield check_disk(*look_at_disk(folders["log"]))


def _about_data(settings: Settings) -> Iterator[Finding]:
    log, lake = settings.folder(settings.engines.log), settings.folder(settings.engines.lake)
    urls = {name: value for name, value in settings.engines.model_dump().items() if isinstance(value, str)}
    yield from about_servers(urls, lake)
    yield check_state(look_at_state(settings.state_url))
    if settings.engines.mlflow_url:
        yield check_experiment_log(Spool(settings.folder(settings.engines.mlflow) / "spool").state())
    segments = look_at_log(log, time.time())
    yield check_log_damage(segments)
    yield check_log_waiting(segments)
    parts = check_lake(look_at_lake(lake))
    yield parts
    if parts.status != "fail" and lake.is_dir():
        warehouse = DuckDbWarehouse(lake)
        try:
            since = datetime.now(UTC) - timedelta(days=SURFACE_DAYS)
            yield from (check_surface(facts) for facts in look_at_surfaces(warehouse, since))
        finally:
            warehouse.close()


def _in_use(state: State) -> list[str]:
    """Return the systems that need a champion: the one every page asks, and those a model was trained for."""
    return [system for system in SYSTEMS if system == SYSTEMS[0] or state.registry.versions(system)]


def _about_serving(settings: Settings, browser_problems: BrowserProblems) -> Iterator[Finding]:
    health = look_at_state(settings.state_url)
    if health.trouble is not None or health.revision != health.head:
        return  # opening it would create or migrate it; the finding about the database says what to do first
    state = open_state(settings.state_url)
    try:
        yield check_bundles(look_at_bundles(state.registry, settings.folder(settings.engines.models)))
        yield from (check_champion(look_at_champion(state.registry, system)) for system in _in_use(state))
        known = state.keys.keys()
        yield check_keys(sum(key.revoked_at is None for key in known))
        yield check_key_file(look_at_key_file(settings.workspace, state, browser_problems))
    finally:
        state.close()
