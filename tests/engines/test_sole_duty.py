"""One process at a time has a duty, and another takes over when it ends."""

from __future__ import annotations

from pathlib import Path

from shopkeeper.engines.sole_duty import SoleDuty


def test_whoever_asks_first_has_the_duty_until_it_ends(tmp_path: Path) -> None:
    first, second = SoleDuty(tmp_path / "duty.lock"), SoleDuty(tmp_path / "duty.lock")
    assert (first.mine(), second.mine(), first.mine()) == (True, False, True)
    first.close()
    assert (second.mine(), first.mine()) == (True, False)
