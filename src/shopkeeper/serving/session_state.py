"""What each shopper did lately, in memory, so that an event accepted now changes that shopper's next answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from operator import attrgetter
from typing import Literal, cast

from shopkeeper.commerce.event import PROFILED, REFUSAL, Event, meant
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.serving.ports import EMPTY_PROFILE, Held, Profile, SessionEvent

EVENTS_KEPT = 50
"""Newest events of interest kept of a shopper, and as many of their refusals."""
_time = attrgetter("ts")
_UNSETTLED = 3 * EVENTS_KEPT
"""Most events of a shopper that wait until the profile is read."""
Kind = Literal["user", "visitor", "session"]
Key = tuple[str, Kind, str]
"""Customer group, kind of key, its value. Profiles never cross a customer group."""


class SessionState:
    """Live profiles, one for each shopper key, the longest unseen going first. Used from one thread.

    A shopper is known by the strongest key given: user, else visitor, else session. What happened under a weaker key
    moves to the stronger one the first time both come together, so a visitor's events follow the user after login.
    A device that then comes with another user starts afresh: nothing of the first user, nor of what was done on the
    device in between, reaches the second; and the device alone never shows what its users did when signed in.

    Args:
        profiles: Most profiles held.
    """

    def __init__(self, profiles: int) -> None:
        self._limit = profiles
        self._profiles: OrderedDict[Key, Profile | list[SessionEvent]] = OrderedDict()
        """A list is what was written since the profile was last read, and what it held: many are written, few read."""
        self._owner: OrderedDict[Key, Key] = OrderedDict()
        """Weaker key -> the stronger key its events moved to."""
        self._versions = count(1)

    def __len__(self) -> int:
        return len(self._profiles)

    def read(self, shopper: Shopper) -> Profile:
        """Return the profile of a shopper who allows personalisation, after moving what weaker keys gathered to it."""
        key = self._adopt(shopper)
        if key is None or key not in self._profiles:
            return EMPTY_PROFILE
        self._profiles.move_to_end(key)
        return self._settled(key)

    def write(self, shopper: Shopper, event: Event) -> None:
        """Add an event of a shopper who allows personalisation; only interest in a product or its refusal does."""
        self._add(self._adopt(shopper), event)

    def write_all(self, group: str, events: Iterable[Event]) -> None:
        """Add events of shoppers of one customer group, who allow personalisation."""
        for event in events:
            if event.visitor is not None and event.user is None and event.session is None:
                self._add((group, "visitor", event.visitor), event)
            else:
                self._add(self._adopt(Shopper(group, event.user, event.visitor, event.session)), event)

    def _add(self, key: Key | None, event: Event) -> None:
        said = meant(event)
        if key is None or event.product is None or said not in PROFILED:
            return
        seen = SessionEvent(event.product, said, event.ts)
        held = self._profiles.get(key)
        if held is None:
            self._profiles[key] = [seen]
            if len(self._profiles) > self._limit:
                self._profiles.popitem(last=False)
            return
        if isinstance(held, list):
            held.append(seen)
        else:
            held = self._profiles[key] = [*held.events, seen]
        if len(held) > _UNSETTLED:
            self._settled(key)
        self._profiles.move_to_end(key)

    def erase(self, group: str, user: str) -> int:
        """Forget a user, and what is held of every device and session that was theirs; return profiles dropped."""
        theirs = self.names_of(group, user)
        for key in theirs:
            self._owner.pop(key, None)
        return sum(self._profiles.pop(key, None) is not None for key in theirs)

    def names_of(self, group: str, user: str) -> list[Key]:
        """Return the key of a user, and of every device and session that was theirs."""
        owner: Key = (group, "user", user)
        return [owner, *(weaker for weaker, stronger in self._owner.items() if stronger == owner)]

    def held(self) -> Iterator[Held]:
        """Yield everything held, the longest unseen first, as it is at the call."""
        weaker: dict[Key, list[str]] = {}
        for key, owner in self._owner.items():
            weaker.setdefault(owner, []).append(_name(key))
        for key in list(self._profiles):
            yield Held(key[0], _name(key), tuple(weaker.get(key, ())), self._settled(key))

    def take(self, held: Held) -> None:
        """Add what another place held of a shopper; an event that is here already stays one."""
        key = _key(held.group, held.name)
        own = self._events(key)
        both = (*own, *(event for event in held.profile.events if event not in own))
        if len(both) > len(own):
            self._keep(key, tuple(sorted(both, key=_time)))
        for name in held.weaker:
            if (weaker := _key(held.group, name)) not in self._owner:
                self._bind(weaker, key)

    def _adopt(self, shopper: Shopper) -> Key | None:
        """Return the strongest key of a shopper, after binding the weaker ones to it."""
        keys = keys_of(shopper)
        strongest = next(keys, None)
        if strongest is None:
            return None
        for weaker in keys:
            if weaker[1] == "session" and strongest[1] == "visitor" and weaker not in self._profiles:
                continue  # the usual case of an anonymous shopper; nothing to move, nothing to remember
            owner = self._owner.get(weaker)
            if owner is not None and owner != strongest and owner[1] == strongest[1]:
                self._profiles.pop(weaker, None)
            else:
                self._move(weaker, strongest)
            self._bind(weaker, strongest)
        return strongest

    def _move(self, weaker: Key, stronger: Key) -> None:
        moved = self._events(weaker)
        if self._profiles.pop(weaker, None) is not None:
            self._keep(stronger, tuple(sorted((*self._events(stronger), *moved), key=_time)))

    def _bind(self, weaker: Key, stronger: Key) -> None:
        self._owner[weaker] = stronger
        self._owner.move_to_end(weaker)
        if len(self._owner) > 2 * self._limit:
            self._owner.popitem(last=False)

    def _keep(self, key: Key, events: tuple[SessionEvent, ...]) -> None:
        self._profiles[key] = Profile(_newest(events), next(self._versions))
        self._profiles.move_to_end(key)
        if len(self._profiles) > self._limit:
            self._profiles.popitem(last=False)

    def _events(self, key: Key) -> tuple[SessionEvent, ...]:
        return self._settled(key).events if key in self._profiles else ()

    def _settled(self, key: Key) -> Profile:
        """Return the profile of a key that has one, with what was written since it was last read."""
        held = self._profiles[key]
        if isinstance(held, Profile):
            return held
        profile = self._profiles[key] = Profile(_newest(held), next(self._versions))
        return profile


def keys_of(shopper: Shopper) -> Iterator[Key]:
    """Yield the keys a shopper came with, the strongest first."""
    if shopper.user is not None:
        yield (shopper.group, "user", shopper.user)
    if shopper.visitor is not None:
        yield (shopper.group, "visitor", shopper.visitor)
    if shopper.session is not None:
        yield (shopper.group, "session", shopper.session)


def strongest(shopper: Shopper) -> Key | None:
    """Return the strongest key a shopper came with."""
    return next(keys_of(shopper), None)


def _name(key: Key) -> str:
    return f"{key[1]}:{key[2]}"


def _key(group: str, name: str) -> Key:
    kind, _, value = name.partition(":")
    return (group, cast("Kind", kind), value)


def _newest(events: Sequence[SessionEvent]) -> tuple[SessionEvent, ...]:
    """Return the newest events of interest and the newest refusals, in their order: views do not push a refusal out."""
    events = sorted(events, key=_time)
    if len(events) <= EVENTS_KEPT:
        return tuple(events)
    kept: list[SessionEvent] = []
    left = {True: EVENTS_KEPT, False: EVENTS_KEPT}
    for event in reversed(events):
        refused = event.type in REFUSAL
        if left[refused]:
            left[refused] -= 1
            kept.append(event)
    return tuple(reversed(kept))
