"""What `shopkeeper experiment` says of a test of prices: as it is drawn, and as it is started."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shopkeeper.errors import ContractNotMet

if TYPE_CHECKING:
    from shopkeeper.cli.output import Output
    from shopkeeper.experiments.plan import ExperimentPlan
    from shopkeeper.people.person import Actor
    from shopkeeper.wiring.price_tests.drawing import DrawnTest
    from shopkeeper.wiring.settings import Settings


def plan(settings: Settings, written: ExperimentPlan, out: Output) -> None:
    """Draw a test and say what it needs. Raises ContractNotMet where its days do not suffice."""
    from datetime import UTC, datetime

    import msgspec

    from shopkeeper.experiments.plan_words import plan_words
    from shopkeeper.wiring.price_tests.drawing import drawn_test
    from shopkeeper.wiring.workspace_state import open_workspace_state

    with open_workspace_state(settings) as state:
        found = drawn_test(settings, state, written, datetime.now(UTC))
    document = {
        "plan": msgspec.to_builtins(written),
        "digest": written.digest,
        "foreseen": msgspec.to_builtins(found.foreseen),
        "test": msgspec.to_builtins(found.test),
        "prices": found.prices,
        "smallest": found.power.smallest,
        "power": found.power.power,
        "waiting": list(found.waiting),
    }
    out.result(document, "\n".join([*plan_words(written), *drawn_words(written, found)]))
    if not found.foreseen.enough:
        raise ContractNotMet(
            f"{written.name} needs about {weeks(found.foreseen.days)} and has {weeks(found.foreseen.planned_days)}.",
            "Give it the days, take more clusters (`share`, `depth`), or plan for a larger uplift.",
        )


def start(settings: Settings, written: ExperimentPlan, actor: Actor, out: Output) -> None:
    """Freeze a test and its coins."""
    from datetime import UTC, datetime

    import msgspec

    from shopkeeper.cli.who import say_who
    from shopkeeper.wiring.price_tests.running import start_price_test
    from shopkeeper.wiring.workspace_state import open_workspace_state

    with open_workspace_state(settings) as state:
        record, found = start_price_test(settings, state, written, actor.who, datetime.now(UTC))
    say_who(out, actor)
    since = f"`shopkeeper work` switches prices from {written.period.start} on"
    words = f"{written.name} is drawn, plan {record.digest[:12]}; {since}."
    out.result({"experiment": msgspec.to_builtins(record)}, "\n".join([words, *drawn_words(written, found)]))


def drawn_words(written: ExperimentPlan, found: DrawnTest) -> Iterator[str]:
    """Yield what was drawn and what it can see, one thing a line."""
    design, need = found.test.design, found.foreseen
    goal, chance = written.primary.minimum_uplift, found.power.power
    where = ", ".join(found.test.stores)
    yield f"  switches       {found.prices:,} prices in {len(design.clusters)} clusters of {where}"
    yield (
        f"                 every {design.period_days} days, the first {design.washout_days} not counted;"
        f" {design.tiles} coins, {need.units_per_arm} cells an arm"
    )
    yield f"  it needs       about {weeks(need.days)}; it has {weeks(need.planned_days)}, decided by {need.decided_on}"
    least = found.power.smallest
    yield f"                 finds {goal:.1%} with chance {chance:.0%}; the smallest it can see is {least:.1%}"
    yield f"                 (levels from before save {1 - need.cuped_factor:.1%} of the days)"
    if found.waiting:
        named = ", ".join(found.waiting[:5]) + (f" and {len(found.waiting) - 5} more" if len(found.waiting) > 5 else "")
        yield f"  not in it      {named}"


def weeks(days: int) -> str:
    """Return days as weeks, which price tests run in."""
    return f"{days / 7:.3g} weeks ({days} days)"
