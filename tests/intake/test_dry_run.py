"""A dry run shows what an import would do, and touches nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import open_state
from shopkeeper.errors import InputError
from shopkeeper.wiring.importing import import_into, preview_of
from shopkeeper.wiring.new_workspace import create_workspace

MAPPING = """
version: 1
store: {currency: EUR, time_zone: Europe/Berlin}
tables:
  - table: prices
    from: preise.csv
    fields: {product: Artikel, price: Preis, ts: Datum}
"""


def german(folder: Path, rows: int = 30) -> Path:
    folder.mkdir()
    lines = ["Artikel;Bezeichnung;Preis;Datum"]
    lines += [f'Ä{n};Müsli;"1.234,5{n % 10}";{n % 28 + 1:02d}.01.2026' for n in range(rows)]
    (folder / "preise.csv").write_text("\n".join(lines), "cp1252")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and ".db" not in path.name
    }


def test_the_first_rows_are_shown_mapped_with_what_was_detected_and_nothing_is_written(tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    folder, mapping = german(tmp_path / "data"), tmp_path / "map.yaml"
    mapping.write_text(MAPPING)
    before = contents(tmp_path / "shop")
    preview = preview_of(settings, folder, "de", mapping)
    assert contents(tmp_path / "shop") == before
    state = open_state(settings.state_url)
    assert not state.reports.latest("import")
    assert not list(state.tables.scan(STORES))
    state.close()
    (file,) = preview.report.files
    assert file.detected is not None
    assert [file.detected[key] for key in ("encoding", "separator", "decimal", "dates")] == [
        "cp1252",
        ";",
        "comma",
        "dmy",
    ]
    assert file.detected["rewritten"] == {"Preis": "comma", "Datum": "dmy"}
    prices = [row for table, row in preview.rows if table == "prices"]
    assert len(prices) == 20
    assert (prices[0]["product"], prices[0]["price"], prices[0]["ts"]) == ("Ä0", 1234.5, "2025-12-31T23:00:00Z")
    text = preview.as_text()
    assert "cp1252, separator semicolon, decimal comma, dates dmy; rewritten: Preis (comma), Datum (dmy)" in text
    assert preview.as_dict()["dry_run"] is True


def test_the_import_reads_as_the_dry_run_showed(tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    folder, mapping = german(tmp_path / "data"), tmp_path / "map.yaml"
    mapping.write_text(MAPPING)
    report = import_into(settings, folder, "de", mapping)
    assert next((t.table, t.read, t.accepted) for t in report.tables) == ("prices", 30, 30)
    assert report.files == preview_of(settings, folder, "de", mapping).report.files
    assert "decimal commas in Preis" in report.as_text()


def test_ambiguous_dates_are_not_guessed_and_the_remedy_works(tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    folder, mapping = tmp_path / "data", tmp_path / "map.yaml"
    folder.mkdir()
    (folder / "preise.csv").write_text("Artikel,Preis,Datum\na,1.5,03/04/2026\n")
    mapping.write_text(MAPPING)
    preview = preview_of(settings, folder, "de", mapping)
    assert "WARNING Dates such as '03/04/2026'" in preview.as_text()
    assert [problem.field for row in preview.rejected for problem in row.problems] == ["ts"]
    mapping.write_text(MAPPING.replace("version: 1", "version: 1\ndates: mdy"))
    (price,) = [row for table, row in preview_of(settings, folder, "de", mapping).rows if table == "prices"]
    assert price["ts"] == "2026-03-03T23:00:00Z"


def test_an_unusable_file_is_said_as_in_an_import(tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    with pytest.raises(InputError, match="does not exist"):
        preview_of(settings, tmp_path / "absent", "de")
