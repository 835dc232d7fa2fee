"""The one list of what a workspace consists of. What is not here, and not in the state database, stays behind.

A later part (texts, rules) joins by a line here; a new table of the state database comes along by itself. What is left
behind on purpose, and why, is said in docs/guides/moving.md.
"""

from __future__ import annotations

from typing import Final

from shopkeeper.experiments.currency_rates import FILE as RATES
from shopkeeper.experiments.metric_file import FILE as METRICS
from shopkeeper.pricing.policy.policy_file import FILE as PRICE_POLICY
from shopkeeper.wiring.contracts import FOLDER as CONTRACTS
from shopkeeper.wiring.experiments import FOLDER as EXPERIMENTS
from shopkeeper.wiring.objectives import FOLDER as OBJECTIVES
from shopkeeper.wiring.parts.bundles import Bundles
from shopkeeper.wiring.parts.own_files import OwnFile, OwnFiles, SourceMappings
from shopkeeper.wiring.parts.own_settings import OwnSettings
from shopkeeper.wiring.parts.part import Part
from shopkeeper.wiring.parts.rejected import RejectedRows
from shopkeeper.wiring.parts.rows import LakeRows
from shopkeeper.wiring.parts.state_rows import StateRows
from shopkeeper.wiring.parts.stops import Stops

PARTS: Final[tuple[Part, ...]] = (
    LakeRows(),
    StateRows(),
    RejectedRows(),
    Bundles(),  # after the state, which says where each version lies
    OwnFiles(CONTRACTS, per_store=True),
    OwnFiles(OBJECTIVES),
    OwnFiles(EXPERIMENTS),
    OwnFile(METRICS),
    OwnFile(RATES),
    OwnFile(PRICE_POLICY),
    SourceMappings(),
    Stops(),
    OwnSettings(),
)
