"""`shopkeeper check --replay` takes mended rows out of quarantine, once, and leaves the others with their reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from shopkeeper.cli import check
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.errors import FieldProblem, InputError
from shopkeeper.intake.ports import RejectedRow
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.replaying import replay
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_lake import lake_of

SALES = [{"when": "2026-01-02", "article": f"lamp{n}", "paid": 5.0, "who": "ann", "bill": f"b{n}"} for n in range(3)]


def mapping(folder: Path, price: str, name: str = "map.yaml") -> Path:
    path = folder / name
    path.write_text(f"""version: 1
tables:
  - table: events
    from: sales.jsonl
    fields:
      {{ts: '"when"', type: "'purchase'", product: article, user: who, order_id: bill, price: {price}, quantity: 1}}
""")
    return path


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    return create_workspace(tmp_path / "shop")


def bring(settings: Settings, rows: list[dict[str, Any]], price: str = "paid", store: str = "uk") -> Path:
    folder = settings.workspace.parent / "files"
    folder.mkdir(exist_ok=True)
    (folder / "sales.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_into(settings, folder, store, mapping(settings.workspace.parent, price))
    return folder


def run(settings: Settings, *words: str) -> dict[str, Any]:
    app = typer.Typer()
    check.register(app)
    given = ["--workspace", str(settings.workspace), "--json", *words]
    result = CliRunner().invoke(app, given, catch_exceptions=False, standalone_mode=False)
    document: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return document


def held(settings: Settings) -> int:
    warehouse = lake_of(settings).warehouse()
    try:
        return int(warehouse.fetch(NamedQuery("count", "SELECT count(*) AS n FROM events"))["n"][0])
    finally:
        warehouse.close()


def quarantine(settings: Settings) -> QuarantineFiles:
    return QuarantineFiles(settings.folder(settings.engines.quarantine))


def test_rows_a_mended_mapping_makes_whole_are_taken_back_once(shop: Settings) -> None:
    folder = bring(shop, SALES, price="-paid")
    assert (held(shop), quarantine(shop).count()) == (0, 3)
    mended = mapping(shop.workspace.parent, "paid", "mended.yaml")
    told = run(shop, "--replay", "--mapping", str(mended))["replay"]
    assert told == {"taken": 3, "still": 0, "untouched": 0, "why": {}}
    assert (held(shop), quarantine(shop).count()) == (3, 0)
    assert run(shop, "--replay", "--mapping", str(mended))["replay"]["taken"] == 0
    import_into(shop, folder, "uk", mended)
    assert held(shop) == 3


def test_rows_that_are_still_wrong_stay_with_their_new_reason(shop: Settings) -> None:
    bring(shop, [SALES[0], {**SALES[1], "paid": 5.0, "article": ""}], price="-paid")
    mended = mapping(shop.workspace.parent, "paid", "mended.yaml")
    told = run(shop, "--replay", "--mapping", str(mended))
    assert (told["replay"]["taken"], told["replay"]["still"]) == (1, 1)
    (left,) = quarantine(shop).rows()
    assert (left.source, left.row, [problem.field for problem in left.problems]) == ("sales.jsonl", 2, ["product"])
    assert [(one["field"], one["rows"]) for one in told["rejected"]] == [("product", 1)]


def test_without_its_mapping_a_mapped_file_is_left_alone_and_said(shop: Settings) -> None:
    bring(shop, SALES, price="-paid")
    told = replay(shop)
    assert (told.taken, told.untouched) == (0, 3)
    assert "imported with a mapping" in told.why["sales.jsonl"]
    other = mapping(shop.workspace.parent, "paid", "other.yaml")
    other.write_text(other.read_text().replace("sales.jsonl", "elsewhere.jsonl"))
    assert replay(shop, "uk", other).untouched == 3
    assert replay(shop, "de").untouched == 0


def test_a_contract_that_was_widened_takes_live_rows_back(shop: Settings) -> None:
    bring(shop, SALES)
    raw = {"event_id": "dear", "ts": "2026-01-02T00:00:00Z", "type": "purchase", "product": "lamp0", "price": 2_000_000}
    raw["user"] = "ann"
    problem = FieldProblem("price", "must be between 0 and 1e+06", "Mend it.", 4)
    quarantine(shop).keep([RejectedRow("events", "uk", "http", 4, raw, (problem,))])
    assert run(shop, "--replay")["replay"]["still"] == 1
    contract = shop.workspace / "contracts" / "uk.yaml"
    contract.write_text("version: 1\nfields: {events: {price: {max: 3000000}}}\n")
    assert run(shop, "--replay")["replay"] == {"taken": 1, "still": 0, "untouched": 0, "why": {}}
    assert held(shop) == 4


def test_a_name_that_leads_out_of_the_folder_is_left_alone(shop: Settings) -> None:
    bring(shop, SALES)
    quarantine(shop).keep([RejectedRow("events", "uk", "../../events.jsonl", 1, {"type": "view"}, ())])
    told = run(shop, "--replay")["replay"]
    assert (told["untouched"], list(told["why"])) == (1, ["../../events.jsonl"])


def test_lines_that_could_not_be_read_are_left_for_the_mended_file(shop: Settings) -> None:
    bring(shop, SALES)
    problem = FieldProblem("$", "must be a JSON object", "", 1)
    quarantine(shop).keep([RejectedRow("events", "uk", "events.jsonl", 1, {"$": "{broken"}, (problem,))])
    assert run(shop, "--replay")["replay"]["untouched"] == 1


def test_a_mapping_alone_is_a_mistake(shop: Settings) -> None:
    bring(shop, SALES)
    with pytest.raises(InputError, match="--replay"):
        run(shop, "--mapping", "map.yaml")


def test_the_page_is_written_where_asked(shop: Settings, tmp_path: Path) -> None:
    bring(shop, SALES)
    run(shop, "--html", str(tmp_path / "report.html"))
    assert "<h2>Store uk" in (tmp_path / "report.html").read_text()
    with pytest.raises(InputError, match="cannot be written"):
        run(shop, "--html", str(tmp_path / "none" / "report.html"))


SAMPLES = Path(__file__).parents[1] / "intake" / "formats" / "samples"


def bring_export(settings: Settings, name: str, content: str | None = None) -> None:
    folder = settings.workspace.parent / "export"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text((SAMPLES / name).read_text() if content is None else content)
    import_into(settings, folder, "uk")


def bound(settings: Settings, bounds: str) -> None:
    contracts = settings.workspace / "contracts"
    contracts.mkdir(exist_ok=True)
    (contracts / "default.yaml").write_text(f"version: 1\nfields:\n{bounds}")


@pytest.mark.parametrize(("name", "table"), [
    ("shopify_orders.csv", "events"), ("shopify_products.csv", "products"), ("woocommerce_orders.csv", "events"),
    ("woocommerce_products.csv", "products"), ("magento_products.csv", "products"), ("ga4.jsonl", "events"),
    ("segment.jsonl", "events"),
])  # fmt: skip
def test_rows_of_an_export_come_back_once_the_contract_is_mended(tmp_path: Path, name: str, table: str) -> None:
    whole, shop = create_workspace(tmp_path / "whole"), create_workspace(tmp_path / "shop")
    bring_export(whole, name)
    bound(shop, f"  {table}:\n    price: {{type: number, min: 0, max: 0.5}}\n")
    bring_export(shop, name)
    lost = counted(whole, table) - counted(shop, table)
    assert lost > 0  # the sample holds numbers above the strict bound
    bound(shop, "  events:\n    price: {type: number, min: 0, max: 1000000}\n")
    told = replay(shop)
    assert told.taken >= lost  # the same event may have been rejected twice
    assert counted(shop, table) == counted(whole, table)
    assert rows_of(shop, table) == rows_of(whole, table)
    assert replay(shop).taken == 0


def counted(settings: Settings, table: str) -> int:
    return len(rows_of(settings, table))


def rows_of(settings: Settings, table: str) -> list[tuple[str, ...]]:
    """Return the current rows of a table without the time they came in."""
    warehouse = lake_of(settings).warehouse()
    left_out = " EXCLUDE (received_at)" if table == "events" else ""
    try:
        found = warehouse.fetch(NamedQuery("rows", f"SELECT *{left_out} FROM {table} ORDER BY ALL"))  # noqa: S608
        return [tuple(map(str, row)) for row in zip(*found.values(), strict=True)]
    finally:
        warehouse.close()


def test_what_the_format_itself_could_not_read_is_left_alone(shop: Settings) -> None:
    sample = (SAMPLES / "shopify_products.csv").read_text()
    columns = sample.splitlines()[0].count(",")
    bring_export(shop, "shopify_products.csv", f"{sample.rstrip()}\n,,,Nobody knows whose{',' * (columns - 3)}\n")
    kept = [row for row in quarantine(shop).rows() if row.problems[0].field == "Handle"]
    assert len(kept) == 1
    told = replay(shop)
    assert (told.taken, told.untouched) == (0, len(kept))
    assert "import the mended export" in told.why["shopify_products.csv"]
    assert kept[0] in quarantine(shop).rows()


def test_a_bad_price_of_an_export_stays_with_its_reason(shop: Settings) -> None:
    bring_export(shop, "shopify_products.csv")
    before = quarantine(shop).rows()
    told = replay(shop)
    assert (told.taken, told.still, told.untouched) == (0, len(before), 0)
    assert [(row.raw, row.problems) for row in quarantine(shop).rows()] == [(r.raw, r.problems) for r in before]
