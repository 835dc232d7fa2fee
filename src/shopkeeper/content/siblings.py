"""Texts of a category compared beyond one batch: with those of a job's other batches, and with those kept before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from shopkeeper.content.duplicates import Texts, packed_signature, too_alike
from shopkeeper.content.findings import PLACE
from shopkeeper.content.kept import Change, PieceKey, Version


@dataclass(slots=True)
class Siblings:
    """What is known of one category; texts are compared with those of their field, locale and wording."""

    _texts: dict[tuple[str, str, str], Texts] = field(default_factory=dict)

    def know(self, key: PieceKey, version: Version) -> None:
        """Take in a text that is there; one that was not compared when it was written says nothing."""
        if version.sign:
            self._of(key).add(key.product, packed_signature(version.sign))

    def compared(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes of a batch with a warning at each text that nearly is one known here; then know them.

        What a rule approved is then left to a person: a text with a warning is approved by none.
        """
        found: list[Change] = []
        warned: set[str] = set()
        for change in changes:
            if change.version is not None and change.version.sign:
                after = self._warned(change, change.version)
                if after is not change:
                    warned.add(change.piece.id)
                found.append(after)
            elif change.piece.id not in warned or change.step.person:
                found.append(change)
        for change in found:
            if change.version is not None:
                self.know(change.piece.key, change.version)
        return found

    def _warned(self, change: Change, version: Version) -> Change:
        nearest = self._of(change.piece.key).nearest(packed_signature(version.sign), change.piece.product)
        if nearest is None or (version.nearest is not None and version.nearest[1] >= nearest[1]):
            return change
        said = [
            one for one in too_alike(nearest, len(version.text)) if one.rule not in {f.rule for f in version.findings}
        ]
        findings = tuple(sorted((*version.findings, *said), key=PLACE))
        known = msgspec.structs.replace(version, nearest=nearest, findings=findings)
        return msgspec.structs.replace(change, version=known) if said else change

    def _of(self, key: PieceKey) -> Texts:
        return self._texts.setdefault((key.field, key.locale, key.wording), Texts())
