"""What a system is held to where nobody wrote an objective: enough to train by, never enough to go to shoppers."""

from __future__ import annotations

from datetime import date

from shopkeeper.objectives.contract import (
    VERSION,
    Amount,
    Guardrail,
    Objective,
    Person,
    Primary,
    RollbackCriterion,
    Timeline,
)

_NOBODY = Person(name="nobody yet")
_UNKNOWN = Amount(amount=0.0, currency="EUR", why="nobody has said")


def built_in_objective(system: str, offline_metric: str) -> Objective:
    """Return the default of a system without an objective file: a better offline metric, and nothing promised.

    Args:
        offline_metric: The metric that decides in training.
    """
    return Objective(
        version=VERSION,
        system=system,
        name=f"Built-in default for {system}",
        business_problem="Nobody has written down yet what this system is for.",
        cost_of_inaction=_UNKNOWN,
        owner=_NOBODY,
        stakeholders=(_NOBODY,),
        timeline=Timeline(start=date(1970, 1, 1), decide_by=date(1970, 1, 2)),
        budget=_UNKNOWN,
        primary=Primary(
            metric="revenue_per_user", unit="store currency per user", direction="up", minimum_uplift=0.05,
            offline_metric=offline_metric,
        ),
        guardrails=(Guardrail(metric="conversion", margin=0.01),),
        rollback=(RollbackCriterion(metric="revenue_per_user", alpha=0.05),),
        attribution_days=7.0,
        maturation_days=14.0,
    )  # fmt: skip


def built_in_warning(system: str) -> str:
    """Return what is said aloud when the default is used."""
    return (
        f"There is no objective for {system}: the built-in default is used. It trains and judges, but says nothing of"
        f" what {system} should bring, so it cannot go to shoppers. Write objectives/{system}.yaml; `shopkeeper"
        " objectives schema` prints its form."
    )
