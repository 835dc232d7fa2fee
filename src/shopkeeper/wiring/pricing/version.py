"""Which version of the model of prices is meant."""

from __future__ import annotations

from shopkeeper.errors import InputError
from shopkeeper.registry.ports import ModelRegistry

PRICING = "pricing"


def version_of(registry: ModelRegistry, version: str | None = None) -> str:
    """Return the version that is named, else the one that serves. Raises InputError where none serves."""
    found = version or registry.pointer(PRICING, "champion")
    if found is None:
        raise InputError("No model of prices serves.", "Train one with `shopkeeper train pricing`.")
    return found
