"""Event ids seen lately, so that an event sent again touches nothing twice."""

from __future__ import annotations

from mmap import mmap

_WORD = 2**64 - 1


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
        word = (hash(key) & _WORD) or 1
        return word in self._newer or (self._older.held > 0 and word in self._older)

    def __len__(self) -> int:
        return self._newer.held + self._older.held

    def add(self, key: tuple[str, str]) -> bool:
        """Remember a pair; say whether it is new."""
        word = (hash(key) & _WORD) or 1
        if (self._older.held and word in self._older) or not self._newer.add(word):
            return False
        if self._newer.held >= self._limit:
            self._newer, self._older = _Hashes(self._limit), self._newer
        return True


class _Hashes:
    """A set of words other than 0, as a table at most half full that is searched from the word's own place on."""

    def __init__(self, most: int) -> None:
        slots = 1 << (2 * max(most, 1)).bit_length()
        self._last = slots - 1
        self._table = memoryview(mmap(-1, 8 * slots)).cast("Q")  # zeros, which take no memory before they are written
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

    def _place(self, word: int) -> int:
        """Return where a word lies, or is to lie."""
        table, last = self._table, self._last
        place = word & last
        while (found := table[place]) and found != word:
            place = (place + 1) & last
        return place
