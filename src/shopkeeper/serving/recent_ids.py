"""Event ids seen lately, so that an event sent again touches nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from mmap import mmap


class RecentIds:
    """The newest (store, event id) pairs: `limit` of them at least, twice as many at most. Used from one thread.

    Kept are their hashes of 64 bits, in two tables of which the older one is dropped when the newer is full: 17 bytes
    an id and table, a tenth of what the ids take. That a new id has the hash of one of a million known ones happens
    once in 18,000 billion.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._newer, self._older = _Hashes(limit), _Hashes(0)

    def __contains__(self, key: tuple[str, str]) -> bool:
        word = hash(key) or 1
        return word in self._newer or (self._older.held > 0 and word in self._older)

    def __len__(self) -> int:
        return self._newer.held + self._older.held

    def add(self, key: tuple[str, str]) -> bool:
        """Remember a pair; say whether it is new."""
        word = hash(key) or 1
        if (self._older.held and word in self._older) or not self._newer.add(word):
            return False
        self._make_room()
        return True

    def unseen(self, keys: Sequence[tuple[str, str]]) -> list[int]:
        """Return the places of the pairs that are not known, of equal ones the first."""
        words = _words(keys)
        known = self._newer.among(words)
        if self._older.held:
            known |= self._older.among(words)
        if not known and len(set(words)) == len(words):
            return list(range(len(words)))
        places: list[int] = []
        for place, word in enumerate(words):
            if word not in known:
                known.add(word)
                places.append(place)
        return places

    def add_all(self, keys: Sequence[tuple[str, str]]) -> list[int]:
        """Remember pairs that `unseen` gave; return the places of those that nobody added meanwhile."""
        words = _words(keys)
        if len(words) > self._limit - self._newer.held:
            return [place for place, key in enumerate(keys) if self.add(key)]
        known = self._older.among(words) if self._older.held else set()
        new = self._newer.add_all(words, known)
        self._make_room()
        return new

    def _make_room(self) -> None:
        if self._newer.held >= self._limit:
            self._newer, self._older = _Hashes(self._limit), self._newer


def _words(keys: Sequence[tuple[str, str]]) -> list[int]:
    """Return the hash of each pair, other than 0."""
    words = list(map(hash, keys))
    return words if 0 not in words else [word or 1 for word in words]


class _Hashes:
    """A set of words other than 0, as a table at most half full that is searched from the word's own place on."""

    def __init__(self, most: int) -> None:
        slots = 1 << (2 * max(most, 1)).bit_length()
        self._last = slots - 1
        self._table = memoryview(mmap(-1, 8 * slots)).cast("q")  # zeros, which take no memory before they are written
        self.held = 0

    def __contains__(self, word: int) -> bool:
        return self._table[self._place(word)] == word

    def add(self, word: int) -> bool:
        """Put a word in; say whether it is new."""
        place = self._place(word)
        if self._table[place] == word:
            return False
        self._table[place] = word
        self.held += 1
        return True

    def among(self, words: Sequence[int]) -> set[int]:
        """Return those of the words that are in."""
        table, last, found = self._table, self._last, set()
        for word in words:
            place = word & last
            while there := table[place]:
                if there == word:
                    found.add(word)
                    break
                place = (place + 1) & last
        return found

    def add_all(self, words: Sequence[int], but: set[int]) -> list[int]:
        """Put words in except some; return the places of those that are new."""
        table, last = self._table, self._last
        new: list[int] = []
        for number, word in enumerate(words):
            place = word & last
            while (there := table[place]) and there != word:
                place = (place + 1) & last
            if not there and word not in but:
                table[place] = word
                new.append(number)
        self.held += len(new)
        return new

    def _place(self, word: int) -> int:
        """Return where a word lies, or is to lie."""
        table, last = self._table, self._last
        place = word & last
        while (found := table[place]) and found != word:
            place = (place + 1) & last
        return place
