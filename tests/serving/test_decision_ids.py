"""No two decisions have one id."""

from __future__ import annotations

import re
from itertools import islice

from shopkeeper.serving.decision_ids import decision_ids


def test_ids_are_24_hexadecimal_digits_and_none_comes_twice() -> None:
    found = list(islice(decision_ids(), 1_000))
    assert len(set(found)) == 1_000
    assert all(re.fullmatch(r"[0-9a-f]{24}", one) for one in found)
