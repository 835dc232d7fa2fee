"""The laws of `quality.ports.ReportStore`, for any engine: subclass and give a `reports` fixture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shopkeeper.quality.ports import ReportStore


class ReportStoreSuite:
    """Every engine of the port passes these."""

    def test_a_report_comes_back_as_it_went_in(self, reports: ReportStore) -> None:
        body = {"text": "é\n\u0000😀", "list": [1, {"none": None}], "share": 0.1, "yes": True}
        before = datetime.now(UTC)
        number = reports.save("import", body, "uk")
        (report,) = reports.latest("import")
        assert (report.number, report.kind, report.store, report.body) == (number, "import", "uk", body)
        assert before <= report.created_at <= datetime.now(UTC) + timedelta(seconds=1)

    def test_reports_come_newest_first(self, reports: ReportStore) -> None:
        numbers = [reports.save("import", {"number": number}) for number in range(3)]
        assert numbers == sorted(set(numbers))
        assert [report.body["number"] for report in reports.latest("import")] == [2, 1, 0]
        assert [report.body["number"] for report in reports.latest("import", 2)] == [2, 1]

    def test_each_kind_and_store_has_its_own(self, reports: ReportStore) -> None:
        reports.save("import", {"number": 0})
        reports.save("import", {"number": 1}, "uk")
        reports.save("import", {"number": 2}, "de")
        reports.save("check", {"number": 3}, "uk")
        assert [report.body["number"] for report in reports.latest("import", store="uk")] == [1]
        assert [report.body["number"] for report in reports.latest("check")] == [3]

    def test_a_kind_without_reports_has_none(self, reports: ReportStore) -> None:
        assert list(reports.latest("training")) == []
