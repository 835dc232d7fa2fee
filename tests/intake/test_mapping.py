"""Mapping files: what they may say, and what is said about those that break the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shopkeeper.errors import MappingError
from shopkeeper.intake.detection import Said
from shopkeeper.intake.mapping import load_mapping, names_in, parse_mapping

EXAMPLES = Path(__file__).parents[2] / "examples" / "mappings"


def entry(**changed: object) -> dict[str, Any]:
    fields = {"ts": "when", "type": "'view'", "product": "sku"}
    whole = {"table": "events", "from": "log.csv", "fields": fields, **changed}
    return {name: value for name, value in whole.items() if value is not None}


def document(*entries: object, **changed: object) -> dict[str, Any]:
    return {"version": 1, "tables": list(entries) or [entry()], **changed}


def test_a_mapping_says_for_each_table_which_file_fills_which_columns() -> None:
    mapping = parse_mapping(document(entry(where="kind = 'v'"), store={"currency": "GBP"}))
    assert mapping.store == {"currency": "GBP"}
    assert [(t.table.name, t.files, t.where) for t in mapping.tables] == [("events", "log.csv", "kind = 'v'")]


def test_numbers_and_booleans_are_constants() -> None:
    fields = {"product": "sku", "price": 1.5, "sensitive": True}
    table = parse_mapping(document(entry(table="products", fields=fields))).tables[0]
    assert table.fields == {"product": "sku", "price": "1.5", "sensitive": "true"}


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        ([], "document"),
        (document(version=2), "version"),
        (document(tables=[]), "tables"),
        (document(colour="red"), "colour"),
        (document(store={"colour": "red"}), "store.colour"),
        (document(entry(table="sales")), "tables[0].table"),
        (document(entry(), entry(mode="all")), "tables[1].mode"),
        (document(entry(**{"from": None})), "tables[0].from"),
        (document(entry(**{"from": "../secrets.csv"})), "tables[0].from"),
        (document(entry(**{"from": "/etc/passwd"})), "tables[0].from"),
        (document(entry(fields=None)), "tables[0].fields"),
        (document(entry(fields={"ts": "when"})), "tables[0].fields.type"),
        (document(entry(fields={"ts": "when", "type": "x", "colour": "y"})), "tables[0].fields.colour"),
        (document(entry(fields={"ts": "when", "type": None})), "tables[0].fields.type"),
        (document(entry(fields={"ts": "when", "type": "x", "properties": "p", "properties.a": "b"})), "properties"),
        (document(entry(keep="some")), "tables[0].keep"),
        (document(entry(where=[])), "tables[0].where"),
    ],
)
def test_what_breaks_the_rules_is_named_with_a_remedy(broken: object, place: str) -> None:
    with pytest.raises(MappingError) as caught:
        parse_mapping(broken, "map.yaml")
    assert place in caught.value.reason
    assert caught.value.remedy


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("version: [1")
    for path in (tmp_path / "map.yaml", tmp_path / "absent.yaml"):
        with pytest.raises(MappingError, match=path.name):
            load_mapping(path)


def test_a_country_stays_a_word_and_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    head = "version: 1\nstore: {country: NO}\ntables:\n- table: events\n  from: log.csv\n"
    text = head + "  fields: {ts: a, type: b, product: c%s}\n"
    path.write_text(text % "")
    assert load_mapping(path).store == {"country": "NO"}
    path.write_text(text % ", ts: d")
    with pytest.raises(MappingError, match=r"line 6: tables\[0\].fields.ts stands twice"):
        load_mapping(path)


def test_names_are_found_outside_of_text_constants() -> None:
    assert names_in("""CASE WHEN "Unit Price" > 0 THEN Qty || 'Country' END""") >= {"unit price", "qty"}
    assert "country" not in names_in("'Country'")


def test_by_default_every_column_that_no_field_names_is_kept() -> None:
    table = parse_mapping(document()).tables[0]
    assert table.kept(("when", "SKU", "country", "Note")) == ("country", "Note")


def test_columns_to_keep_must_be_there() -> None:
    table = parse_mapping(document(entry(keep=["country"]))).tables[0]
    assert table.kept(("when", "country")) == ("country",)
    with pytest.raises(MappingError, match="country"):
        table.kept(("when",))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_shipped_examples_are_valid(path: Path) -> None:
    assert load_mapping(path).tables


def test_a_mapping_may_say_how_its_files_are_written() -> None:
    document = {
        "version": 1, "encoding": "cp1252", "separator": "tab", "decimal": "comma", "dates": "mdy",
        "tables": [{"table": "users", "from": "u.csv", "fields": {"user": "id"}}],
    }  # fmt: skip
    assert parse_mapping(document).said == Said("cp1252", "\t", "comma", "mdy")
    with pytest.raises(MappingError, match="`dates` is 'ymd'"):
        parse_mapping({**document, "dates": "ymd"})
