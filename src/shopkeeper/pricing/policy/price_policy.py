"""What prices a shop allows itself: the form of `price-policy.yaml`, rules by store, category and price list."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from shopkeeper.commerce.fields import Id
from shopkeeper.pricing.policy.exploration import Exploration
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.policy.together import Together
from shopkeeper.pricing.policy.where import Name, Where

VERSION: Final = 1
SEPARATOR: Final = " > "

Move = Annotated[float, Meta(gt=0, le=10)]
Margin = Annotated[float, Meta(ge=-1, lt=1)]
Share = Annotated[float, Meta(ge=0, le=10)]
Factor = Annotated[float, Meta(gt=0, le=100)]
Days = Annotated[float, Meta(ge=0, le=3_660)]
Objective = Literal["revenue", "profit", "sell_through"]


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class CompetitorBand(_Part, frozen=True, kw_only=True):
    """Where a price stands among those of rivals. A price of a rival that is old or absurd counts as missing.

    Attributes:
        lowest: Least price, times the median rival.
        highest: Highest price, times the median rival.
        over_lowest: Highest price, times the lowest rival: 1.0 = never dearer than the cheapest.
        fresh_days: Days after which a rival's price is not believed any more.
        credible: Range of a believable rival's price, times the current price.
    """

    lowest: Factor | None = None
    highest: Factor | None = None
    over_lowest: Factor | None = None
    fresh_days: Days = 3.0
    credible: tuple[Factor, Factor] = (0.4, 2.5)


class CostFeed(_Part, frozen=True, kw_only=True):
    """When a cost is believed. A pair whose cost is not believed keeps its price.

    Attributes:
        fresh_days: Days after which a cost is not believed any more.
        credible: Range of a believable cost, times the cost that was accepted before.
    """

    fresh_days: Days = 35.0
    credible: tuple[Factor, Factor] = (0.5, 2.0)


class Rules(_Part, frozen=True, kw_only=True):
    """Rules of one scope. What is left out comes from the scopes before; `null` takes a rule away.

    Attributes:
        over_cost: Least price without tax over the unit cost, a share of the cost: 0.02 = cost plus 2%.
        margin_floor: Least margin of every single product, a share of its price without tax.
        margin_target: Least margin of a store's main category as a whole; a target the optimizer meets jointly.
        daily_move: Largest change from the current price, a share of it.
        weekly_move: Largest change from the price a week ago, a share of it.
        days_between_changes: Least days between two changes of a price.
        competitor: Band and position among rivals.
        cost: When a cost is believed.
        minimum_advertised: Whether a supplier's minimum advertised price is kept.
        prior_price_days: Days whose lowest price an announced reduction must lie below (Dir. 98/6/EC Art. 6a: 30).
        inflation: How far a price may be above that of a year ago raised by consumer prices, a share of it.
        exploration: How prices are tried out to learn how demand answers; left out = none is.
    """

    over_cost: Share | UnsetType | None = UNSET
    margin_floor: Margin | UnsetType | None = UNSET
    margin_target: Margin | UnsetType | None = UNSET
    daily_move: Move | UnsetType = UNSET
    weekly_move: Move | UnsetType | None = UNSET
    days_between_changes: Days | UnsetType = UNSET
    competitor: CompetitorBand | UnsetType | None = UNSET
    cost: CostFeed | UnsetType = UNSET
    minimum_advertised: bool | UnsetType = UNSET
    prior_price_days: Days | UnsetType | None = UNSET
    inflation: Share | UnsetType | None = UNSET
    exploration: Exploration | UnsetType | None = UNSET

    def over(self, before: Rules) -> Rules:
        """Return these rules with what they leave out taken from those before."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not UNSET}
        return msgspec.structs.replace(before, **said)


EVERYTHING: Final = Rules(
    over_cost=None,
    margin_floor=None,
    margin_target=None,
    daily_move=0.10,
    weekly_move=None,
    days_between_changes=0.0,
    competitor=None,
    cost=CostFeed(),
    minimum_advertised=True,
    prior_price_days=30.0,
    inflation=None,
    exploration=None,
)
"""What holds where a policy says nothing."""


class Scope(_Part, frozen=True, kw_only=True):
    """Rules for some prices. Of several scopes that cover a price the later one wins, rule by rule.

    Attributes:
        name: Shown where one of its rules binds.
        where: Prices it is about.
        rules: What holds there.
    """

    name: Name
    where: Where = Where()
    rules: Rules


class Steps(_Part, frozen=True, kw_only=True):
    """Shown prices of one range: whole multiples of a step, less the ending.

    Attributes:
        below: The range ends here; left out = it has no end.
        step: Distance of two shown prices.
        minus: What is taken off: step 0.10 and minus 0.01 give 4.89, 4.99, 5.09.
    """

    below: Annotated[float, Meta(gt=0)] | None = None
    step: Annotated[float, Meta(gt=0)]
    minus: Annotated[float, Meta(ge=0)] = 0.0


class Period(_Part, frozen=True, kw_only=True):
    """Days of the promotion calendar.

    Attributes:
        name: Shown where it binds.
        where: Prices it is about.
        starts: First day.
        ends: Last day.
        prices: `hold`: they stay as they are. `reduce`: they may only go down, as an announced reduction.
    """

    name: Name
    where: Where = Where()
    starts: date
    ends: date
    prices: Literal["hold", "reduce"] = "hold"


class Clearance(_Part, frozen=True, kw_only=True):
    """How stock with an end is priced: a season, a shelf life, the last day a product is sold.

    Attributes:
        weeks: Weeks before the end from which a price heeds it; 0 = never.
        falling: Whether such a price may only fall.
        salvage: What a unit left at the end brings, a share of its cost; below 0 = it costs to be rid of it.
        holding: What a unit left costs a week, a share of its cost.
    """

    weeks: Annotated[int, Meta(ge=0, le=26)] = 8
    falling: bool = True
    salvage: Annotated[float, Meta(ge=-1, le=1)] = 0.0
    holding: Annotated[float, Meta(ge=0, le=1)] = 0.0


class PricePolicy(_Part, frozen=True, kw_only=True):
    """What prices a shop allows itself.

    Attributes:
        version: Version of this form.
        objective: What is made as large as the rules allow: revenue, profit, or units of what is in stock.
        portfolio_margin: Least margin of all prices of a run together, without tax; left out = none.
        margin_probability: Chance with which margin targets must be met, given what is known of demand.
        points: Candidates a price, the current one among them.
        infeasible: A price that no candidate can follow all rules: `hold` it, or let it `approach` them as far as the
            moves allow.
        endings: Currency -> ranges of shown prices, low to high. A currency that is left out has steps of 0.01.
        rules: What holds everywhere.
        scopes: What holds for some, later ones over earlier ones.
        key_value: Products whose prices shoppers know.
        calendar: Days on which prices are held, or may only be reduced.
        runs: Gates, approval and times of price runs.
        together: Prices that belong together.
        clearance: How stock with an end is priced.
    """

    version: Literal[1]
    objective: Objective = "revenue"
    portfolio_margin: Margin | None = None
    margin_probability: Annotated[float, Meta(ge=0.5, lt=1)] = 0.9
    points: Annotated[int, Meta(ge=11, le=41)] = 21
    infeasible: Literal["hold", "approach"] = "hold"
    endings: dict[str, tuple[Steps, ...]] = {}
    rules: Rules = EVERYTHING
    scopes: tuple[Scope, ...] = ()
    key_value: tuple[Id, ...] = ()
    calendar: tuple[Period, ...] = ()
    runs: RunPolicy = RunPolicy()
    together: Together = Together()
    clearance: Clearance = Clearance()


def lies_under(category: str, path: str) -> bool:
    """Return whether a category is a path or lies under it."""
    return category == path or category.startswith(path + SEPARATOR)
