"""A price run as it is kept: what it would change, how far it is, and who took each step and why."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from shopkeeper.pricing.proposal import ExplorationSum, Feed, MarginTarget, PriceKey, Proposal, ProposedPrices, Span

RunStatus = Literal["blocked", "waiting", "approved", "scheduled", "in_test", "published", "rejected", "reverted"]
Risk = Literal["none", "low", "medium", "high"]
OPEN: Final[tuple[RunStatus, ...]] = ("waiting", "approved", "scheduled")
"""Statuses of runs whose prices may still be published."""
RULE: Final = "rule"
"""Who approves where the policy does."""

Outcome = Literal["", "confirmed", "mismatch", "changed"]
"""What the shop made of a published price: it has not said; it shows it; it shows another; it showed it, and then
changed it itself."""


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a gate found.

    Attributes:
        gate: Which one.
        code: Its word, such as `below_cost`.
        text: In a sentence, with the figures.
        blocks: Whether the run goes no further; else only the price is held.
        store, price_list, product: What it is about; empty = more than one.
    """

    gate: Literal["freshness", "anomaly"]
    code: str
    text: str
    blocks: bool = False
    store: str = ""
    price_list: str = ""
    product: str = ""


class RunPrice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One price of a run.

    Attributes:
        proposal: As computed.
        price: That is to hold: the proposed one, or the current one where a gate held it back.
        daily_move: Largest change the policy allows, a share of the current price.
        floor: Least shown price its rules about cost allow; 0 where there is none.
        held_back: What the anomaly gate found about it.
    """

    proposal: Proposal
    price: float
    daily_move: float
    floor: float = 0.0
    held_back: tuple[str, ...] = ()

    @property
    def key(self) -> PriceKey:
        """Of its proposal."""
        return self.proposal.key

    @property
    def current(self) -> float:
        """The shown price the run was computed from."""
        return self.proposal.current

    @property
    def moves(self) -> bool:
        """Whether it changes."""
        return self.price != self.proposal.current

    @property
    def move(self) -> float:
        """Change of the shown price, a share of the current one."""
        return self.price / self.proposal.current - 1


class RunStep(Struct, frozen=True):
    """One step of a run: where it came to, by whom, why and when."""

    status: RunStatus
    who: str
    why: str
    at: datetime


class PriceRun(Struct, frozen=True, kw_only=True):
    """One price run, without its rows.

    Attributes:
        id: The same as of the job that made it.
        store: What was asked for; empty = every store.
        stores: Stores it has prices of.
        status: Where it is.
        revision: Counts its changes.
        who: Who began it.
        at: The moment its prices were computed for.
        publish_at: When its prices begin to hold; None = not scheduled.
        risk: Of its moves, by the policy.
        prices, moved, held: Rows; those that change; those the anomaly gate held back.
        share: Part of the money its prices bring today that its moves touch.
        largest: Largest move, a share of the price.
        findings: What the gates found; of findings about single prices the first ones.
        model, policy, objective, lifts, margin_changes, targets, explored, feeds, notes: As proposed.
        steps: In their order.
    """

    id: str
    store: str
    stores: tuple[str, ...]
    status: RunStatus
    revision: int = 0
    who: str
    at: datetime
    publish_at: datetime | None = None
    risk: Risk = "none"
    prices: int = 0
    moved: int = 0
    held: int = 0
    share: float = 0.0
    largest: float = 0.0
    findings: tuple[Finding, ...] = ()
    model: str = ""
    policy: str = ""
    objective: str = "revenue"
    lifts: dict[str, Span] = {}
    margin_changes: dict[str, Span] = {}
    targets: tuple[MarginTarget, ...] = ()
    explored: dict[str, ExplorationSum] = {}
    feeds: tuple[Feed, ...] = ()
    notes: tuple[str, ...] = ()
    steps: tuple[RunStep, ...] = ()

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who approved it so far."""
        return tuple(
            step.who
            for step in self.steps
            if step.status == "approved" or (step.status == "waiting" and step.who != RULE)
        )


class PriceChange(Struct, frozen=True, kw_only=True):
    """One change of one price, kept for ever.

    Attributes:
        number: The version of the price; numbers rise with time over all prices.
        previous: Number of the price before; 0 = the shop's own.
        run: Run that made it.
        kind: Whether the run published it, or was taken back.
        price, before: As shown.
        at: From when it holds.
        handed_at, handed_by: When and how it first left the house: changes, webhook or csv.
        outcome: What the shop made of it; `observed` is the price it showed, `outcome_at` when that was seen.
        mismatch_at: When the shop was first seen to show another price, `mismatch` that price; both stay whatever it
            shows later, as shoppers saw it.
    """

    number: int
    previous: int
    run: str
    kind: Literal["publish", "revert"]
    store: str
    price_list: str
    product: str
    currency: str
    price: float
    before: float
    at: datetime
    handed_at: datetime | None = None
    handed_by: str = ""
    outcome: Outcome = ""
    observed: float | None = None
    outcome_at: datetime | None = None
    mismatch_at: datetime | None = None
    mismatch: float | None = None

    @property
    def key(self) -> PriceKey:
        """Store, price list and product: there is one price for them at a time."""
        return self.store, self.price_list, self.product


class PublishedPrice(Struct, frozen=True, kw_only=True):
    """The price that holds now for a product in a store and price list.

    Attributes:
        number: Of the change that made it.
        price: As decided.
        good: The last price that is known to be good: confirmed by the shop, or its own before the first run.
        observed: What the shop shows where that is another; None = nothing else is known.
    """

    store: str
    price_list: str
    product: str
    number: int
    run: str
    currency: str
    price: float
    good: float
    at: datetime
    outcome: Outcome = ""
    observed: float | None = None

    @property
    def key(self) -> PriceKey:
        """Store, price list and product: there is one price for them at a time."""
        return self.store, self.price_list, self.product

    @property
    def standing(self) -> float:
        """What a shopper sees as far as is known: what the shop shows, else what was decided."""
        return self.price if self.observed is None else self.observed

    @property
    def holds(self) -> float:
        """What is to be shown: the decided price, unless the shop took it and has set another since."""
        return self.observed if self.outcome == "changed" and self.observed is not None else self.price


class Publication(Struct, frozen=True, kw_only=True):
    """What publishing or taking back a run did.

    Attributes:
        changed: Prices that changed.
        overtaken: Prices left alone since another run or the shop changed them meanwhile.
        capped: Prices left alone since together with changes of the last 24 hours they would move too far.
        version: Number of the newest change.
    """

    changed: int
    overtaken: int = 0
    capped: int = 0
    version: int = 0


def begun(run: str, store: str, who: str, proposed: ProposedPrices) -> PriceRun:
    """Return the run of some proposals, before any gate has seen it."""
    return PriceRun(
        id=run, store=store, stores=proposed.stores, status="blocked", who=who, at=proposed.at,
        prices=len(proposed.rows), model=proposed.model, policy=proposed.policy, objective=proposed.objective,
        lifts=dict(proposed.lifts), margin_changes=dict(proposed.margin_changes),
        targets=proposed.targets, explored=dict(proposed.explored), feeds=proposed.feeds, notes=proposed.notes,
    )  # fmt: skip
