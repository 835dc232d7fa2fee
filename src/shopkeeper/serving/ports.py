"""What the rails need from a system to serve its decisions, and the values that cross that border."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.event import Event, EventType
from shopkeeper.commerce.shopper import Shopper

Scope = Literal["events", "decide", "manage", "beacon"]
SCOPES: tuple[Scope, ...] = ("events", "decide", "manage")
"""The scopes a secret key may have."""
PUBLIC: Scope = "beacon"
"""The scope of keys that stand in web pages: it opens one route, for one store, and no key has another beside it."""


class DecisionRequest(Protocol):
    """What `serving.decide` reads of any request; the rest is the system's own."""

    @property
    def store(self) -> str:
        """Store the answer is for."""
        ...

    @property
    def surface(self) -> str:
        """Where on the site the answer is shown."""
        ...

    @property
    def unit(self) -> str | None:
        """Unit of assignment; None where the shopper gave no key or did not allow measurement."""
        ...

    @property
    def names(self) -> Sequence[tuple[str, str]]:
        """What the unit goes by, each with its kind, the strongest and `unit` first; empty where there is no unit."""
        ...

    @property
    def session(self) -> str | None:
        """Session the answer is for; None where there is none or the shopper did not allow measurement."""
        ...

    @property
    def measured(self) -> bool:
        """Say whether the shopper allows measurement; without it the decision log keeps counts alone."""
        ...


RequestT = TypeVar("RequestT", bound=DecisionRequest, contravariant=True)
AnswerT = TypeVar("AnswerT")


class DecisionSystem(Protocol[RequestT, AnswerT]):
    """One of the three systems, as the rails see it.

    Laws: `answer` and `answers` may raise, and may be called from a worker thread; `answers` gives what `answer` gives
    for each, and raises where that raises for any; `fallback` needs no model and no network, never raises and gives a
    sensible answer for any request; `still_holds` is checked on every cached answer, so no cached answer breaks a live
    rule (a product sold out or withdrawn since), and what `renewed` gives holds; `version` and `cache_key` change when
    what they name does.
    """

    @property
    def name(self) -> str:
        """`recommendations`, `pricing` or `content`."""
        ...

    @property
    def version(self) -> str | None:
        """Model version that serves; None while there is none, and then only the fallback answers."""
        ...

    def as_now(self, before: object) -> DecisionSystem[RequestT, AnswerT]:
        """Return this system as it is at this moment, whatever model and rules it gets later; the shelf goes on living.

        Args:
            before: What an earlier call returned, which is returned again where nothing changed since; None = nothing.
        """
        ...

    def answer(self, request: RequestT) -> AnswerT:
        """Answer with the model."""
        ...

    def answers(self, requests: Sequence[RequestT]) -> Sequence[AnswerT]:
        """Answer several requests at once with the model, in their order."""
        ...

    def fallback(self, request: RequestT) -> AnswerT:
        """Answer by rules alone."""
        ...

    def cache_key(self, request: RequestT) -> Hashable | None:
        """Key under which the answer may be cached; it carries the session version. None = do not cache."""
        ...

    def last_key(self, request: RequestT) -> Hashable | None:
        """Key of what is asked and by whom, whatever they, the shelf or rules of the shop did since; None = no earlier
        answer may stand in for one that the model does not give."""
        ...

    def renewed(self, request: RequestT, earlier: AnswerT) -> AnswerT:
        """Return an answer given earlier under the same `last_key` without what may not be shown now, filled up by
        rules; needs no model."""
        ...

    def still_holds(self, request: RequestT, answer: AnswerT) -> bool:
        """Say whether an answer given earlier is still allowed now."""
        ...

    def draw(self, request: RequestT, answer: AnswerT, decision_id: str) -> AnswerT:
        """Return what is shown of an answer of `answer`: itself, or one drawn by chance that carries its chances.

        Called for every decision, with answers from the cache too; never waits, and draws the same for the same call.
        """
        ...

    def likelihoods(self, request: RequestT, shown: AnswerT, own: AnswerT) -> Sequence[tuple[str, float, float]]:
        """Return for each result shown its id, the chance it was shown with, and the chance that this system had shown
        it at the same place, its own answer being `own`; chances of a place count whatever stands at the others.
        Nothing where chance had no part in what was shown."""
        ...

    def record(self, answer: AnswerT) -> tuple[int, Mapping[str, Any]]:
        """Return how many results the answer has and what to keep of it in the decision log: JSON, of which parts may
        be encoded already (`msgspec.Raw`)."""
        ...

    def agreement(self, shown: AnswerT, other: AnswerT) -> float | None:
        """Return which share of what was shown another answer has too, 0 to 1; None where nothing was shown."""
        ...


class SessionEvent(Struct, frozen=True, gc=False):
    """What a profile keeps of one event."""

    product: str
    type: EventType
    ts: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known now of one shopper from live events.

    Attributes:
        events: Newest last, at most 50 of interest and 50 refusals.
        version: Rises with every change of `events` and is never used twice, so a cache key that carries it is never
            stale.
    """

    events: tuple[SessionEvent, ...] = ()
    version: int = 0


EMPTY_PROFILE = Profile()


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is known for one request: the shopper's profile, the answer kept under the name that was asked for, and the
    first arm the shopper had, by test."""

    profile: Profile = EMPTY_PROFILE
    answer: bytes | None = None
    arms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """What one process holds of a shopper.

    Attributes:
        name: Kind and value of their strongest key, such as `user:ann`.
        weaker: Names of devices and sessions that are theirs.
    """

    group: str
    name: str
    weaker: tuple[str, ...]
    profile: Profile


class SessionStore(Protocol):
    """Live profiles and the answers made of them, shared by every process that serves.

    Laws: an event written is in the next read; a shopper is known by the strongest key given (user, else visitor, else
    session), and what weaker keys gathered moves to it the first time both come together; a device that comes with
    another user brings nothing of the first; profiles never cross a customer group; a version rises with every change
    of a profile and is never used twice; an event written again stays one, so a call may be repeated. An answer is
    given back to the same shopper under the same name until their profile changes or its life ends; a shopper without
    keys stands for everyone. Only shoppers who allow personalisation are handed in with keys. Every call is one round
    trip (some, where it names very many shoppers) and raises Unavailable when the engine does not answer in time; a
    read whose shopper cannot wait for it any longer raises TooLate, which says nothing of the next call.
    """

    async def begin(self) -> bool:
        """Make the engine ready for calls, first of all and after it was away; say whether nobody has filled it yet."""
        ...

    async def read(self, shopper: Shopper, asked: str = "") -> Recalled:
        """Return the profile of a shopper, and the answer kept under the name `asked` where it is not empty."""
        ...

    async def write(self, told: Sequence[tuple[Shopper, Event]]) -> None:
        """Add events; only interest in a product, or its refusal, changes a profile."""
        ...

    async def keep(self, shopper: Shopper, asked: str, version: int, answer: bytes, seconds: float) -> None:
        """Keep an answer for some seconds, unless the shopper's profile is of another version by now."""
        ...

    async def keep_arm(self, shopper: Shopper, test: str, arm: str) -> None:
        """Keep the arm a shopper with keys had in a test; the first stays, and comes along to who signs in there."""
        ...

    async def pour(self, held: Sequence[Held]) -> None:
        """Add what a process held of shoppers to what is there."""
        ...

    async def erase(self, group: str, user: str) -> int:
        """Forget a user, and what is held of their devices and sessions, answers too; return profiles dropped."""
        ...


class DecisionLog(Protocol):
    """Takes decision records off the response path. A full queue drops the record and counts it, never silently."""

    def put(self, record: DecisionRecord) -> None:
        """Queue one record; never blocks, never raises."""
        ...


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One API key, without its secret.

    Attributes:
        store: Store it is for; `*` = all stores.
    """

    key_id: str
    store: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    revoked_at: datetime | None = None


class KeyStore(Protocol):
    """API keys. Only hashes are stored; the secret is shown once, at creation."""

    def create(self, store: str, scopes: Sequence[Scope], who: str) -> tuple[ApiKey, str]:
        """Make a key and return it with its secret text."""
        ...

    def find(self, secret: str) -> ApiKey | None:
        """Return the valid key behind a secret; None when unknown or revoked. Raises Unavailable if nobody can say."""
        ...

    def valid(self) -> Mapping[bytes, ApiKey]:
        """Return every valid key by the SHA-256 of its secret in UTF-8."""
        ...

    def keys(self) -> Sequence[ApiKey]:
        """Return all keys, newest first."""
        ...

    def revoke(self, key_id: str, who: str) -> None:
        """Revoke a key. Raises InputError if there is no such key."""
        ...
