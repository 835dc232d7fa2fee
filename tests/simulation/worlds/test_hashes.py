from __future__ import annotations

from shopkeeper.simulation.worlds.hashes import ACCEPTANCE_SEEDS, DEVELOPMENT_SEEDS, current, kept

RENEW = 'python -c "from shopkeeper.simulation.worlds.hashes import renew; renew()"'


def test_no_world_and_no_baseline_changes_unless_its_hash_is_renewed_on_purpose() -> None:
    changed = [name for name, value in current().items() if kept().get(name) != value]
    assert not changed, f"Changed: {', '.join(changed)}. If that is meant, say so in the commit and run: {RENEW}"
    assert set(kept()) == set(current())


def test_what_judges_is_never_what_was_developed_with() -> None:
    assert not set(ACCEPTANCE_SEEDS) & set(DEVELOPMENT_SEEDS)
