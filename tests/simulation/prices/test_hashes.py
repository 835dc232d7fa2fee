from __future__ import annotations

from shopkeeper.simulation.prices.hashes import MARKET

RENEW = 'python -c "from shopkeeper.simulation.prices.hashes import MARKET; MARKET.renew()"'


def test_no_price_world_and_no_rule_changes_unless_its_hash_is_renewed_on_purpose() -> None:
    changed = MARKET.changed()
    assert not changed, f"Changed: {', '.join(changed)}. If that is meant, say so in the commit and run: {RENEW}"
