"""What assigns units to arms in a serving process."""

from __future__ import annotations

from shopkeeper.experiments.sticky import StickyAssignments
from shopkeeper.serving.arms import LiveArms
from shopkeeper.wiring.settings import Settings


def arms_of(settings: Settings, sticky: StickyAssignments) -> LiveArms:
    """Return what assigns units: our own hash, or the foreign provider that the settings name.

    Raises:
        ConfigError: the name leads to nothing that makes a provider.
    """
    name = settings.engines.flag_provider
    if not name:
        return LiveArms(sticky)
    from shopkeeper.engines.foreign_arms import ForeignArms, named_provider  # noqa: PLC0415 - few shops name a provider

    return ForeignArms(sticky, named_provider(name))
