"""Makes the folder that a retailer's Shopkeeper lives in."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from shopkeeper.engines.state import open_state
from shopkeeper.errors import ConfigError
from shopkeeper.objectives.document import SUFFIX
from shopkeeper.pricing.policy.policy_file import FILE as PRICE_POLICY
from shopkeeper.pricing.policy.policy_file import default_policy
from shopkeeper.wiring.contracts import DEFAULT, FOLDER, default_contract
from shopkeeper.wiring.experiments import FOLDER as EXPERIMENTS
from shopkeeper.wiring.objectives import FOLDER as OBJECTIVES
from shopkeeper.wiring.objectives import SYSTEMS, example_objective
from shopkeeper.wiring.settings import CONFIG_FILE, Settings, load_settings

README = "README.md"


def create_workspace(folder: Path) -> Settings:
    """Make a workspace with its settings file, folders and state database, and return its settings.

    Raises:
        ConfigError: the folder is a workspace already, holds other things, or cannot be written.
    """
    if (folder / CONFIG_FILE).exists():
        raise ConfigError(
            f"{folder.resolve()} is a workspace already: it has a {CONFIG_FILE}.",
            "Use it as it is, or name a new folder.",
        )
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file.", "Name a folder that is new or empty.")
    if folder.is_dir() and (there := sorted(entry.name for entry in folder.iterdir() if entry.name[0] != ".")):
        raise ConfigError(
            f"{folder.resolve()} is not empty: it holds {', '.join(there[:5])}{' ...' if len(there) > 5 else ''}.",
            "Name a folder that is new or empty; nothing was changed.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG_FILE).write_text(_shipped("new_workspace.toml"), "utf-8")
        (folder / FOLDER).mkdir()
        (folder / FOLDER / DEFAULT).write_text(default_contract(), "utf-8")
        (folder / EXPERIMENTS).mkdir()
        (folder / OBJECTIVES).mkdir()
        for system in SYSTEMS:
            (folder / OBJECTIVES / f"{system}{SUFFIX}").write_text(example_objective(system), "utf-8")
        (folder / PRICE_POLICY).write_text(default_policy(), "utf-8")
        (folder / README).write_text(_shipped("new_workspace.md"), "utf-8")
        settings = load_settings(folder)
        for part in (settings.engines.log, settings.engines.lake, settings.engines.models, settings.engines.quarantine):
            settings.folder(part).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written: {error.strerror}.", "Name a folder you may write to."
        ) from error
    open_state(settings.state_url).close()
    return settings


def _shipped(name: str) -> str:
    return resources.files("shopkeeper.wiring").joinpath(name).read_text("utf-8")
