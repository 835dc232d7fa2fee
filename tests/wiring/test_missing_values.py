"""From a contract over an import to the report: what is missing is treated as written, and counted once."""

from __future__ import annotations

from pathlib import Path

from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.replaying import replay

CONTRACT = """
version: 1
fields:
  events:
    quantity: {missing: {default: 1}, means: one unit}
    currency: {missing: {derive: store.currency}}
    price: {missing: reject}
"""
ROWS = """event_id,ts,type,user,product,quantity,price
1,2026-01-20T10:00:00Z,purchase,ann,lamp,2,9.5
2,2026-01-20T10:01:00Z,purchase,ann,lamp,,9.5
3,2026-01-20T10:02:00Z,purchase,,lamp,,
4,2026-01-20T10:03:00Z,view,,lamp,,
"""


def test_an_import_does_what_the_contract_says_and_the_report_counts_rows_not_imports(tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    contract = tmp_path / "shop/contracts/default.yaml"
    contract.write_text(CONTRACT)
    source = tmp_path / "events.csv"
    source.write_text(ROWS)
    for _ in range(2):
        report = import_into(settings, source, "uk")
        assert (report.tables[0].read, report.tables[0].rejected) == (4, 1)
    found = {f"{one.table}.{one.field}": one for one in check_workspace(settings).missing}
    done = {name: (one.rows, one.kept, one.filled) for name, one in found.items()}
    assert done["events.quantity"] == (2, 0, 1)
    assert done["events.currency"] == (2, 0, 2)
    assert done["events.price"][1:] == (0, 0)
    assert found["events.price"].rejected == 1
    assert done["events.user"] == (3, 1, 0)  # the rejected row lacks one as well, but was not rejected for it
    contract.write_text(CONTRACT.replace("missing: reject", "missing: keep"))
    replay(settings, "uk")
    found = {f"{one.table}.{one.field}": one for one in check_workspace(settings).missing}
    price, quantity = found["events.price"], found["events.quantity"]
    assert (price.rows, price.kept, price.rejected) == (3, 1, 0)
    assert (quantity.rows, quantity.filled) == (3, 2)
