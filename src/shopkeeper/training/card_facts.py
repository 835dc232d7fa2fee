"""What a model card is made of: the documents a version left behind, brought together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shopkeeper.registry.bundle import Manifest
from shopkeeper.registry.ports import ModelVersion


@dataclass(frozen=True)
class CardFacts:
    """A version and what is known of it; older versions know less, and their card says so.

    Attributes:
        metrics: As `Evaluation.document()` stores them: figures of the model, `baseline`, `champion`, `difference`,
            `slices`, `latency`, `importance` (name -> figure), `calibration` (`predicted`, `observed`, `cases` by bin).
        known: Plain JSON by name: `baseline` and `metric` (names), `cutoff`, `data`, `parameters`, `seed`, `run`,
            `code`, `environment`, `objective` (its digest, or the contract), `quality`, `blessing` (`blessed`,
            `reasons`), `trials`, `cross_validation`, `drift` (feature -> figures), `champion` (what served then).
        simulated: Everything it learned from is made up.
    """

    system: str
    model: str
    version: str
    created_at: datetime
    blessed: bool
    fingerprint: str
    metrics: Mapping[str, Any]
    known: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False


def facts_of(
    version: ModelVersion,
    manifest: Manifest | None,
    report: Mapping[str, Any] | None,
    *,
    simulated: bool = False,
) -> CardFacts:
    """Return the facts of a version; where documents disagree, what lies in the registry wins, then the manifest.

    Args:
        manifest: Of its bundle; None when the files are gone.
        report: Of its training run; None when there is none.
    """
    known: dict[str, Any] = dict(report or {})
    if manifest is not None:
        known |= {"parameters": manifest.parameters, "seed": manifest.seed, "code": manifest.code_version}
    for name, found in version.lineage.facts.items():
        if not (isinstance(known.get(name), Mapping | list) and not isinstance(found, Mapping | list)):
            known[name] = found  # but a count or a sentence never takes the place of what it was made of
    own = {
        "run": version.lineage.run,
        "objective": version.lineage.objective,
        "code": version.lineage.code,
        "champion": version.lineage.champion,
    }
    known |= {name: value for name, value in own.items() if value and not isinstance(known.get(name), Mapping)}
    return CardFacts(
        version.system,
        version.model,
        version.version,
        version.created_at,
        version.blessed,
        version.fingerprint,
        version.metrics,
        known,
        simulated,
    )
