"""Every place that keeps reports keeps the laws of the port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shopkeeper.engines.memory import MemoryReports
from shopkeeper.engines.state import open_state
from shopkeeper.quality.ports import ReportStore
from shopkeeper.testing.report_store_suite import ReportStoreSuite


class TestInMemory(ReportStoreSuite):
    @pytest.fixture
    def reports(self) -> ReportStore:
        return MemoryReports()


class TestInTheStateDatabase(ReportStoreSuite):
    @pytest.fixture
    def reports(self, tmp_path: Path) -> Iterator[ReportStore]:
        state = open_state(f"sqlite:///{tmp_path / 'state.db'}")
        yield state.reports
        state.close()
