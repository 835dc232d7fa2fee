"""How a file is written is decided on a sample, and never guessed where the sample allows two readings."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.intake.detected_values import ColumnReading, read_columns
from shopkeeper.intake.detection import NOTHING_SAID, SEPARATORS, Said, detect, detect_encoding, parse_said

ISO_WORDS = st.text("abcdefgh éüñß", min_size=1, max_size=8).filter(lambda word: word == word.strip())


def table(rows: list[list[str]], separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue()


class TestEncoding:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"])
    def test_each_encoding_is_told_apart(self, encoding: str) -> None:
        text = "product,title\n1,Café für Müller\n2,crème brûlée\n"
        assert detect_encoding(text.encode(encoding))[0] == encoding

    def test_utf16_with_a_mark_is_read_without_it(self) -> None:
        found = detect("a,b\n1,é\n".encode("utf-16"))
        assert (found.encoding, found.separator) == ("utf-16-le", ",")

    def test_bytes_that_windows_does_not_have_mean_latin_1(self) -> None:
        assert detect_encoding(b"a\nCaf\xe9 x\x81y\n")[0] == "latin-1"

    def test_utf8_with_a_broken_line_stays_utf8_and_is_warned_of(self) -> None:
        encoding, warnings = detect_encoding("a\nCafé\n".encode() + b"Caf\xe9\n")
        assert encoding == "utf-8"
        assert "rejected" in warnings[0]

    def test_single_stray_bytes_are_no_letters(self) -> None:
        assert detect_encoding(b"a,b\n5,\xff\n")[0] == "utf-8"

    @given(st.binary(max_size=300))
    def test_any_bytes_have_an_encoding_and_a_reading(self, sample: bytes) -> None:
        detect(sample)
        detect(sample, whole=False)


class TestSeparator:
    @settings(max_examples=60)
    @given(
        st.sampled_from(SEPARATORS),
        st.integers(2, 5).flatmap(
            lambda width: st.lists(
                st.lists(st.text('ab,;\t|"\n', max_size=5), min_size=width, max_size=width), min_size=3
            )
        ),
    )
    def test_a_table_is_read_by_the_separator_it_was_written_with(self, separator: str, rows: list[list[str]]) -> None:
        header = [f"column{place}" for place in range(len(rows[0]))]
        assert detect(table([header, *rows], separator).encode()).separator == separator

    def test_commas_in_names_do_not_win_over_the_separator_of_the_rows(self) -> None:
        assert detect(b"price, net;price, gross;tax, rate\n1;2;3\n4;5;6\n").separator == ";"

    def test_a_first_line_of_values_is_warned_of(self) -> None:
        assert any("column names" in warning for warning in detect(b"17,2026-01-02\n18,2026-01-03\n").warnings)


amounts = st.decimals(-999_999, 999_999, places=2)


def german(number: object) -> str:
    return f"{number:,}".replace(",", " ").replace(".", ",").replace(" ", ".")


class TestDecimal:
    @given(st.lists(amounts, min_size=1, max_size=8))
    def test_decimal_commas_are_found_and_every_amount_keeps_its_value(self, numbers: list[object]) -> None:
        cells = [german(number) for number in numbers]
        found = read_columns({"price": cells}, None, None, ";")
        assert found.decimal == "comma"
        assert [float(found.columns["price"].rewrite(cell)) for cell in cells] == [float(str(n)) for n in numbers]

    @given(st.lists(amounts, min_size=1, max_size=8))
    def test_points_with_thousands_keep_their_value(self, numbers: list[object]) -> None:
        cells = [f"{number:,}" for number in numbers]
        found = read_columns({"price": cells}, None, None, ",")
        reading = found.columns.get("price")
        assert found.decimal == "point"
        rewritten = [reading.rewrite(cell) if reading else cell for cell in cells]
        assert [float(cell) for cell in rewritten] == [float(str(n)) for n in numbers]

    def test_what_can_be_both_is_left_and_warned_of_with_a_remedy(self) -> None:
        found = read_columns({"n": ["1,234", "5,678"]}, None, None, ",")
        assert (found.decimal, found.columns) == (None, {})
        assert "decimal: comma" in found.warnings[0]

    def test_another_column_decides_for_the_file(self) -> None:
        found = read_columns({"n": ["1,234"], "price": ["9,5"]}, None, None, ";")
        assert found.columns["n"].rewrite("1,234") == "1.234"

    def test_what_is_said_wins(self) -> None:
        assert read_columns({"n": ["1,234"]}, "comma", None, ",").columns["n"].rewrite("1,234") == "1.234"
        assert read_columns({"n": ["1,234"]}, "point", None, ",").columns["n"].rewrite("1,234") == "1234"

    @given(st.lists(st.text(max_size=8), max_size=6))
    def test_text_stays_as_it_is(self, cells: list[str]) -> None:
        words = [f"{cell}x" for cell in cells]
        assert read_columns({"title": words}, None, None, ",").columns == {}


days = st.dates(date(2000, 1, 1), date(2049, 12, 31))


class TestDates:
    @given(st.lists(days, min_size=1, max_size=6), st.sampled_from(["dmy", "mdy"]))
    def test_the_order_is_found_or_nothing_is_changed(self, moments: list[date], order: str) -> None:
        pattern = "%d/%m/%Y" if order == "dmy" else "%m/%d/%Y"
        cells = [day.strftime(pattern) for day in moments]
        found = read_columns({"day": cells}, None, None, ",")
        if any(day.day > 12 for day in moments):
            assert found.dates == order
            assert [found.columns["day"].rewrite(cell) for cell in cells] == [day.isoformat() for day in moments]
        else:
            assert (found.dates, found.columns) == (None, {})
            assert "dates: dmy" in found.warnings[0]

    def test_dots_mean_day_first(self) -> None:
        assert (
            read_columns({"day": ["01.02.2026"]}, None, None, ",").columns["day"].rewrite("01.02.2026") == "2026-02-01"
        )

    def test_both_orders_in_one_column_are_left_and_warned_of(self) -> None:
        found = read_columns({"day": ["31/01/2026", "01/31/2026"]}, None, None, ",")
        assert found.columns == {}
        assert "Mend the source" in found.warnings[0]

    def test_what_is_said_wins_over_an_ambiguous_sample(self) -> None:
        found = detect(b"day\n03/04/2026\n", Said(dates="mdy", separator=","))
        assert found.columns["day"].rewrite("03/04/2026") == "2026-03-04"
        assert found.warnings == ()

    @pytest.mark.parametrize(
        ("cell", "expected"),
        [
            ("31/1/26 14:05", "2026-01-31 14:05:00"),
            ("31-01-2026 14:05:09", "2026-01-31 14:05:09"),
            ("31/01/2026, 2:05 PM", "2026-01-31 14:05:00"),
            ("31/01/2026 12:05 am", "2026-01-31 00:05:00"),
            ("n/a", "n/a"),
            ("01/31/2026", "01/31/2026"),
        ],
    )
    def test_times_of_day_are_kept_and_misfits_left(self, cell: str, expected: str) -> None:
        assert ColumnReading("dmy").rewrite(cell) == expected

    @given(days)
    def test_iso_dates_are_never_touched(self, day: date) -> None:
        assert read_columns({"day": [day.isoformat(), (day + timedelta(1)).isoformat()]}, None, None, ",").columns == {}


class TestSaid:
    def test_names_people_use_are_understood(self) -> None:
        said, wrong = parse_said({"encoding": "Windows-1252", "separator": "tab", "decimal": "comma", "dates": "dmy"})
        assert wrong is None
        assert said == Said("cp1252", "\t", "comma", "dmy")

    @pytest.mark.parametrize(
        "given_", [{"encoding": "klingon"}, {"separator": "x"}, {"decimal": ","}, {"dates": "ymd"}]
    )
    def test_what_is_wrong_is_named(self, given_: dict[str, str]) -> None:
        assert parse_said(given_) == (NOTHING_SAID, next(iter(given_)))
