"""The data contracts of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Final

from shopkeeper.errors import ConfigError
from shopkeeper.quality.contract import DataContract
from shopkeeper.quality.contract_file import read_contract
from shopkeeper.quality.row_rules import RowRules
from shopkeeper.wiring.settings import Settings

FOLDER: Final = "contracts"
DEFAULT: Final = "default.yaml"


def default_contract() -> str:
    """Return the text of the contract that ships with the package."""
    return resources.files("shopkeeper.quality").joinpath("default_contract.yaml").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class StoreContracts:
    """The contracts of a workspace, read once."""

    own: Mapping[str, DataContract]
    default: DataContract

    def of(self, store: str) -> DataContract:
        """Return the contract of a store: its own, else the one for all others."""
        return self.own.get(store, self.default)

    def rules(self) -> RowRules:
        """Return the judge of single rows by these contracts."""
        return RowRules(self.of)


def read_contracts(settings: Settings) -> StoreContracts:
    """Return what the folder `contracts` holds: STORE.yaml for a store, default.yaml (else the shipped one) for others.

    Raises:
        ConfigError: a file cannot be read or breaks the rules; names the key and what to do.
    """
    folder = settings.folder(settings.workspace.resolve() / FOLDER)
    own: dict[str, DataContract] = {}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else []:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} cannot be read: {error}.", "Make it a readable UTF-8 text file.") from error
        own[path.stem] = _limited(read_contract(text, f"{FOLDER}/{path.name}"), settings)
    shipped = _limited(read_contract(default_contract(), "the shipped contract"), settings)
    return StoreContracts({name: held for name, held in own.items() if name != "default"}, own.get("default", shipped))


def _limited(contract: DataContract, settings: Settings) -> DataContract:
    """Return a contract that says nothing about rejected rows with the workspace's limit."""
    if contract.quarantined:
        return contract
    return replace(contract, limits=replace(contract.limits, quarantined=settings.intake.quarantine_share))
