"""A version of the model of prices looked at as a whole: from its bundle, and from its exam as it was registered."""

from __future__ import annotations

from shopkeeper.pricing.diagnose import slopes_of
from shopkeeper.pricing.diagnosis import Diagnosis
from shopkeeper.pricing.price_model import model_of
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.wiring.pricing.version import PRICING, version_of
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state


def diagnosed(settings: Settings, version: str | None = None) -> Diagnosis:
    """Return what a version believes; the one that serves where none is named.

    Raises:
        InputError: no model of prices serves.
        UnknownModel: there is no such version.
        BundleDamaged: it cannot be read.
    """
    with open_workspace_state(settings) as state:
        found = state.registry.get(PRICING, version_of(state.registry, version))
    bundle = open_bundle(settings.folder(settings.engines.models) / found.folder)
    manifest = bundle.manifest
    bins, whole, categories = slopes_of(model_of(manifest.model, manifest.parameters, bundle.arrays))
    return Diagnosis(
        version=found.version, model=found.model, trained_at=found.created_at, figures=dict(found.metrics), bins=bins,
        whole=whole, categories=categories,
    )  # fmt: skip
