"""What the policy says of price runs: when one is stopped, who may approve it, and how much time it is given."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Part = Annotated[float, Meta(ge=0, le=1)]
Hours = Annotated[float, Meta(ge=0, le=8_760)]


class JumpPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What counts as a jump that prices are looked at for between runs, each relative to what was told before.

    Attributes:
        cost: Of what a unit costs.
        rival: Of a rival's price.
        stock: Of units on hand; one that ends or comes back always is.
    """

    cost: Part = 0.02
    rival: Part = 0.05
    stock: Part = 0.5


class RunPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Gates, approval and times of price runs.

    Attributes:
        cost_trouble: A run is blocked when more than this share of a store's prices have no cost that is believed.
        feed_trouble: The same for more than this share of the rows of a feed that are absurd, stale or missing.
        sales_hours, price_hours, stock_hours: Age of the newest row above which such a feed blocks a run. Of rivals and
            costs old rows are not believed one by one, so that they move no price.
        held_back: A run is blocked when the anomaly gate holds back more than this share of its moves.
        mean_move: A run is blocked when a store's prices move by more than this on average, in money.
        small_move: A run without a larger move may be approved by rule; 0 = a person approves every run.
        small_share: What is approved by rule moves at most this share of the money its prices bring.
        large_move: A run with a larger move takes two people.
        large_share: So does one that moves more than this share of the money.
        own_runs: Whether whoever began a run may approve it.
        good_hours: A run that waited longer is not published any more: what it rests on is old.
        cart_hours: How long a cart keeps a price that was raised since.
        confirm_hours: After so long without the shop's feed showing a published price, it counts as overdue.
        on_jump: Jumps in feeds that lead to a run by themselves; None = none does.
    """

    cost_trouble: Part = 0.2
    feed_trouble: Part = 0.5
    sales_hours: Hours = 72.0
    price_hours: Hours | None = None
    stock_hours: Hours | None = None
    held_back: Part = 0.02
    mean_move: Part = 0.05
    small_move: Part = 0.0
    small_share: Part = 0.1
    large_move: Part = 0.1
    large_share: Part = 1.0
    own_runs: bool = False
    good_hours: Hours = 48.0
    cart_hours: Hours = 24.0
    confirm_hours: Hours = 24.0
    on_jump: JumpPolicy | None = None

    def feed_hours(self, feed: str) -> float | None:
        """Return the age in hours above which a feed blocks a run; None = none does."""
        hours: dict[str, float | None] = {
            "sales": self.sales_hours, "prices": self.price_hours, "stock": self.stock_hours,
        }  # fmt: skip
        return hours.get(feed)
