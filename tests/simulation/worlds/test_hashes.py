from __future__ import annotations

from shopkeeper.simulation.worlds.hashes import WORLDS

RENEW = 'python -c "from shopkeeper.simulation.worlds.hashes import WORLDS; WORLDS.renew()"'


def test_no_world_and_no_baseline_changes_unless_its_hash_is_renewed_on_purpose() -> None:
    changed = WORLDS.changed()
    assert not changed, f"Changed: {', '.join(changed)}. If that is meant, say so in the commit and run: {RENEW}"
