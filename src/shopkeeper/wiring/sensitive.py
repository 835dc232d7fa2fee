"""What the settings of a workspace make of sensitive products."""

from __future__ import annotations

from shopkeeper.serving.sensitive import Allowed, Sensitivity
from shopkeeper.wiring.settings import Settings


def sensitivity_of(settings: Settings) -> Sensitivity:
    """Return which products are sensitive, where they are hidden, and where a store made an exception."""
    privacy = settings.privacy
    allowed = [Allowed(one.category, one.store) for one in privacy.sensitive_allowed]
    return Sensitivity(privacy.sensitive_categories, allowed, privacy.sensitive_hidden_on)
