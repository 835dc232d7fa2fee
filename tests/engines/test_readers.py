"""Readers lose no line, keep memory bounded, and evaluate a mapping's expressions without touching anything else."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.engines.readers_csv import CsvReader
from shopkeeper.engines.readers_jsonl import JsonLinesReader
from shopkeeper.engines.readers_parquet import ParquetReader
from shopkeeper.errors import InputError, MappingError
from shopkeeper.intake.detection import SAMPLE_BYTES
from shopkeeper.intake.ports import WHOLE_ROW, SourceReader, SourceRow

WHOLE = {WHOLE_ROW: WHOLE_ROW}


def read(
    reader: SourceReader, path: Path, expressions: dict[str, str] | None = None, batch: int = 3
) -> list[SourceRow]:
    source = reader.inspect(path)
    return [row for rows in reader.read(source, WHOLE if expressions is None else expressions, batch) for row in rows]


def whole(rows: list[SourceRow]) -> list[dict[str, Any]]:
    return [row.values[WHOLE_ROW] for row in rows]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


class TestCsv:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
    def test_rows_come_as_text_by_the_names_of_the_header(self, tmp_path: Path, delimiter: str, name: str) -> None:
        lines = [["\ufeffa", "b"], ["1", "x"], ["2", '"two\nlines"'], ["", "é"]]
        path = written(tmp_path / name, "\r\n".join(delimiter.join(cells) for cells in lines).encode())
        rows = read(CsvReader(), path)
        assert [row.row for row in rows] == [1, 2, 3]
        assert whole(rows) == [{"a": "1", "b": "x"}, {"a": "2", "b": "two\nlines"}, {"a": "", "b": "é"}]

    def test_broken_lines_are_rows_with_problems_and_the_lines_after_them_are_read(self, tmp_path: Path) -> None:
        lines = [b"a,b", b"1,x", b"2", b"3,y,z", b'4,"open', b"5,\xff", b"6,ok", b'7,"open']
        rows = read(CsvReader(), written(tmp_path / "t.csv", b"\n".join(lines)))
        assert [bool(row.problems) for row in rows] == [False, True, True, True, True, False, True]
        assert [row.values[WHOLE_ROW].get("$") for row in rows] == [
            None,
            "2",
            "3,y,z",
            '4,"open',
            None,
            None,
            '7,"open',
        ]
        assert rows[4].problems[0].field == "b"

    @pytest.mark.parametrize("content", [b"", b"a,,b\n", b"a,a\n", b"\xff,b\n"])
    def test_a_file_without_a_usable_header_is_refused(self, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(InputError):
            CsvReader().inspect(written(tmp_path / "t.csv", content))

    def test_a_damaged_gzip_file_is_named(self, tmp_path: Path) -> None:
        path = written(tmp_path / "t.csv.gz", b"a,b\n" + b"1,x\n" * 100_000)
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(InputError, match=r"t\.csv\.gz"):
            read(CsvReader(), path)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.text("ab,\"\n\\'; é", max_size=6), max_size=8))
    def test_every_line_of_any_text_is_in_exactly_one_row(self, tmp_path_factory: Any, lines: list[str]) -> None:  # noqa: ANN401 - pytest's factory
        path = tmp_path_factory.mktemp("csv") / "t.csv"
        written(path, "\n".join(["a,b", *lines]).encode())
        rows = read(CsvReader(), path)
        kept = "".join("".join(str(value) for value in row.values[WHOLE_ROW].values()) for row in rows)
        letters = [mark for line in lines for mark in line if mark in "abé"]
        assert sorted(mark for mark in kept if mark in "abé") == sorted(letters)


class TestJsonLines:
    def test_rows_come_as_they_are_and_empty_lines_are_none(self, tmp_path: Path) -> None:
        path = written(tmp_path / "t.jsonl", b'{"a": 1, "b": {"c": [true]}}\n\n{"d": "x"}')
        assert whole(read(JsonLinesReader(), path)) == [{"a": 1, "b": {"c": [True]}}, {"d": "x"}]

    def test_lines_that_are_no_object_are_rows_with_problems(self, tmp_path: Path) -> None:
        lines = [b'{"a": 1}', b"[1]", b"nonsense", b'{"a": "\xff"}', b'{"a": NaN}', b"[" * 5000, b'{"a": 2}']
        rows = read(JsonLinesReader(), written(tmp_path / "t.jsonl.gz", b"\n".join(lines)))
        assert [bool(row.problems) for row in rows] == [False, True, True, True, True, True, False]
        assert rows[2].values[WHOLE_ROW] == {"$": "nonsense"}

    def test_columns_have_the_type_of_the_first_rows_and_others_are_reported(self, tmp_path: Path) -> None:
        lines = ['{"n": 1, "x": {"y": 2}}'] * 10_000 + ['{"n": "many"}', "{}"]
        path = written(tmp_path / "t.jsonl", "\n".join(lines).encode())
        rows = read(JsonLinesReader(), path, {"twice": "n * 2", "y": "x->>'$.y'"}, batch=20_000)
        assert rows[0].values == {"twice": 2, "y": "2"}
        assert [p.field for p in rows[10_000].problems] == ["n"]
        assert rows[10_001].values == {"twice": None, "y": None}


class TestParquet:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "it's.parquet"
        duckdb.connect().execute(
            "COPY (SELECT 1.5::DECIMAL(5,2) AS price, DATE '2026-01-01' AS day, 'nan'::DOUBLE AS nothing, "
            "['a'] AS list, TIMESTAMPTZ '2026-01-01 12:00:00+02' AS moment, 'x'::ENUM('x') AS word, {'a': 1} AS inner "
            "UNION ALL SELECT NULL, NULL, 2.0, NULL, NULL, NULL, NULL) TO '" + str(path).replace("'", "''") + "'"
        )
        return path

    def test_values_come_as_python_and_json_know_them(self, path: Path) -> None:
        rows = read(ParquetReader(), path)
        assert whole(rows)[0] == {
            "price": 1.5,
            "day": datetime(2026, 1, 1),  # noqa: DTZ001 - the store's zone is applied later
            "nothing": None,
            "list": ["a"],
            "moment": "2026-01-01T10:00:00.000000Z",
            "word": "x",
            "inner": {"a": 1},
        }
        assert whole(rows)[1]["nothing"] == 2.0

    def test_the_number_of_rows_is_known_and_batches_keep_the_order(self, tmp_path: Path) -> None:
        path = tmp_path / "n.parquet"
        duckdb.connect().execute(f"COPY (SELECT range AS n FROM range(1000)) TO '{path}'")  # noqa: S608 - the test's own
        reader = ParquetReader()
        source = reader.inspect(path)
        batches = list(reader.read(source, {"n": "n"}, 300))
        assert source.rows == 1000
        assert [len(batch) for batch in batches] == [300, 300, 300, 100]
        assert [(row.row, row.values["n"]) for batch in batches for row in batch] == [(n + 1, n) for n in range(1000)]

    def test_what_is_no_parquet_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"t\.parquet"):
            ParquetReader().inspect(written(tmp_path / "t.parquet", b"a,b\n1,2\n"))


CSV = b"qty,Unit Price\n2,1.5\nmany,2\n,3\n"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
class TestExpressions:
    @pytest.fixture
    def opened(self, kind: str, tmp_path: Path) -> tuple[SourceReader, Path]:
        plain = written(tmp_path / "t.csv", CSV)
        if kind == "csv":
            return CsvReader(), plain
        path = tmp_path / "t.parquet"
        duckdb.connect().execute(f"COPY (SELECT * FROM read_csv('{plain}', all_varchar = true)) TO '{path}'")  # noqa: S608 - the test's own
        return ParquetReader(), path

    def test_a_row_on_which_an_expression_fails_is_marked_and_the_others_are_not(
        self, opened: tuple[SourceReader, Path]
    ) -> None:
        rows = read(*opened, {"units": "CAST(nullif(qty, '') AS INTEGER) * 2", "price": '"Unit Price"', "gbp": "'GBP'"})
        assert [row.values["units"] for row in rows] == [4, None, None]
        assert [row.values["price"] for row in rows] == ["1.5", "2", "3"]
        assert [[p.field for p in row.problems] for row in rows] == [[], ["units"], []]

    def test_a_bare_column_name_needs_no_quotes_whatever_it_is(self, opened: tuple[SourceReader, Path]) -> None:
        assert [row.values["x"] for row in read(*opened, {"x": "unit price"})] == ["1.5", "2", "3"]

    @pytest.mark.parametrize("expression", ["nothing_of_that_name", "qty +", "1) FROM batch; DROP TABLE x; --", "now("])
    def test_an_expression_that_does_not_fit_is_named_with_the_columns_there_are(
        self, opened: tuple[SourceReader, Path], expression: str
    ) -> None:
        with pytest.raises(MappingError) as caught:
            read(*opened, {"x": expression})
        assert expression in caught.value.reason
        assert "Unit Price" in caught.value.remedy

    @pytest.mark.parametrize("expression", ["(SELECT content FROM read_text('/etc/hostname'))", "getenv('HOME')"])
    def test_an_expression_sees_nothing_but_the_row(self, opened: tuple[SourceReader, Path], expression: str) -> None:
        with pytest.raises(MappingError):
            read(*opened, {"x": expression})


class TestDetected:
    @pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-be", "utf-8-sig"])
    def test_other_encodings_decimal_commas_and_dates_come_as_the_contract_wants_them(
        self, tmp_path: Path, encoding: str
    ) -> None:
        text = 'name;price;day\r\nCafé;"1.234,50";31.01.2026\r\nMüsli;2,00;01.02.2026\r\n'
        for name in ("t.csv", "t.csv.gz"):
            rows = read(CsvReader(), written(tmp_path / name, text.encode(encoding)))
            assert whole(rows) == [
                {"name": "Café", "price": "1234.50", "day": "2026-01-31"},
                {"name": "Müsli", "price": "2.00", "day": "2026-02-01"},
            ]

    def test_a_byte_the_encoding_does_not_have_is_reported_with_its_row(self, tmp_path: Path) -> None:
        unseen = [b"x" * 999 + b",1\n"] * (1 + SAMPLE_BYTES // 1_000)  # detection does not see what comes after these
        path = written(tmp_path / "t.csv", b"name,b\nCaf\xe9,1\nCaf\xe9,2\n" + b"".join(unseen) + b"\x81y,3\n")
        problems = [row for row in read(CsvReader(), path, batch=500) if row.problems]
        assert [row.row for row in problems] == [2 + len(unseen) + 1]

    def test_json_lines_may_begin_with_a_mark_or_be_utf16(self, tmp_path: Path) -> None:
        for encoding in ("utf-8-sig", "utf-16"):
            rows = read(JsonLinesReader(), written(tmp_path / "t.jsonl", '{"a": "é"}\n{"a": "x"}'.encode(encoding)))
            assert whole(rows) == [{"a": "é"}, {"a": "x"}]
