"""What a reader may do with a price run, what comes of it, and why something is not theirs to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shopkeeper.people.person import Actor
from shopkeeper.people.roles import ALL, Right
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.runs.approval import PEOPLE, same_person
from shopkeeper.pricing.runs.price_run import PriceRun
from shopkeeper.web.offer import Offer
from shopkeeper.web.price_runs import Action

RIGHTS: Final[Mapping[Action, Right]] = {
    "approve": "prices", "reject": "prices", "publish": "prices", "revert": "rollback",
}  # fmt: skip
"""What each button takes, in every store of the run."""
KEYS: Final[Mapping[Action, str]] = {"approve": "A", "reject": "R", "publish": "P", "revert": "V"}
DONE: Final[Mapping[str, str]] = {
    "approve": "Your approval is kept.",
    "reject": "Rejected: its prices will never hold.",
    "publish": "Published: its prices hold now.",
    "schedule": "Scheduled: a worker publishes it when its time has come.",
    "revert": "Taken back: the prices from before it hold again, of those it still decided.",
}
"""What the page says after a button, by the word in its address."""


@dataclass(frozen=True, slots=True)
class PriceOffer(Offer[Action]):
    """One button, with its key."""

    @property
    def key(self) -> str:
        """The key that opens it."""
        return KEYS[self.action]


@dataclass(frozen=True, slots=True)
class Offers:
    """What a reader may do, and in a sentence what is not theirs, where something is not."""

    buttons: tuple[PriceOffer, ...]
    not_yours: str = ""


def offers(run: PriceRun, policy: RunPolicy, actor: Actor) -> Offers:
    """Return what somebody may do with a run now; the step itself asks the same again, whoever takes it."""
    possible = [*_possible(run)]
    if not possible:
        return Offers(())
    if actor.person is None:
        return Offers((), "To decide about prices here takes somebody who signed in; `shopkeeper price` works at a "
                          "terminal meanwhile.")  # fmt: skip
    allowed = [one for one in possible if all(actor.may(RIGHTS[one.action], store) for store in run.stores or (ALL,))]
    if not allowed:
        return Offers((), f"To decide takes the role pricing or admin in {', '.join(run.stores) or 'all stores'}.")
    refused = _approval_refused(run, policy, actor.who)
    buttons = tuple(one for one in allowed if not (refused and one.action == "approve"))
    return Offers(buttons, refused if run.status == "waiting" else "")


def still_wanted(run: PriceRun) -> int:
    """Return how many people must still approve a run."""
    return max(0, PEOPLE[run.risk] - len(run.approvers)) if run.status == "waiting" else 0


def _approval_refused(run: PriceRun, policy: RunPolicy, who: str) -> str:
    if not policy.own_runs and same_person(run.who, who):
        return "You began this run, so somebody else approves it."
    if any(same_person(one, who) for one in run.approvers):
        return "You approved this run; it takes a second person."
    return ""


def _possible(run: PriceRun) -> list[PriceOffer]:
    prices = f"{run.moved:,} price{'s' if run.moved != 1 else ''}"
    where = ", ".join(run.stores)
    if run.status == "waiting":
        left = still_wanted(run) - 1
        then = "One more person must approve it after you." if left else "Nothing changes before it is published."
        return [PriceOffer("approve", "Approve", then, f"Approve {prices}"), _reject()]
    if run.status in {"approved", "scheduled"}:
        told = f"{prices} in {where} hold within a second, and the shop is told of them."
        return [
            PriceOffer("publish", "Publish", f"{told[0].upper()}{told[1:]}", f"Publish {prices}", danger=True),
            _reject(),
        ]
    if run.status == "published":
        words = "Prices that another run or the shop changed since stay as they are. It cannot be published again."
        return [PriceOffer("revert", "Take back", words, f"Take back {prices} within a second", danger=True)]
    return []


def _reject() -> PriceOffer:
    return PriceOffer("reject", "Reject", "Its prices never hold; a new run may propose others.", "Reject it")
