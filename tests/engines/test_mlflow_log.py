"""The experiment log on MLflow, read back through the stock MLflow client."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from shopkeeper.engines.experiment_spool import Spool
from shopkeeper.engines.mlflow_log import EVERY_SECONDS, REST_SECONDS, MlflowLog
from shopkeeper.engines.mlflow_store import open_client
from shopkeeper.errors import ConfigError
from shopkeeper.registry.ports import Alias
from shopkeeper.testing.experiment_log_suite import ExperimentLogSuite, LogReader, example_bundle
from shopkeeper.testing.registry_suite import example_version

pytest.importorskip("mlflow", reason="the extra `train` is not installed")

from alembic import command
from mlflow.entities import Run
from mlflow.store.db import utils
from mlflow.tracking import MlflowClient

_WORDS = {"RUNNING": "running", "FINISHED": "done", "FAILED": "failed", "KILLED": "cancelled"}


class ClientReader:
    """Implements `LogReader` by MLflow's own client."""

    def __init__(self, url: str) -> None:
        self.client = MlflowClient(tracking_uri=url, registry_uri=url)

    def _all(self) -> list[Run]:
        experiments = [one.experiment_id for one in self.client.search_experiments()]
        found: list[Run] = self.client.search_runs(experiments, order_by=["attributes.start_time ASC"])
        return found

    def _run(self, run: str) -> Run:
        return next(one for one in self._all() if one.data.tags.get("shopkeeper.run") == run)

    def runs(self) -> list[str]:
        return [one.data.tags["shopkeeper.run"] for one in self._all() if "shopkeeper.run" in one.data.tags]

    def state(self, run: str) -> str:
        return _WORDS[self._run(run).info.status]

    def parameters(self, run: str) -> dict[str, str]:
        return dict(self._run(run).data.params)

    def history(self, run: str, metric: str) -> list[tuple[int, float]]:
        found = self.client.get_metric_history(self._run(run).info.run_id, metric.replace("@", "_at_"))
        return sorted((one.step, one.value) for one in found)

    def trials(self, run: str) -> dict[int, tuple[str, float | None]]:
        parent = self._run(run).info.run_id
        return {
            int(one.data.tags["shopkeeper.trial"]): (one.data.tags["shopkeeper.state"], one.data.metrics.get("value"))
            for one in self._all()
            if one.data.tags.get("mlflow.parentRunId") == parent
        }

    def files(self, run: str) -> set[str]:
        found: set[str] = set()
        folders = [""]
        while folders:
            for one in self.client.list_artifacts(self._run(run).info.run_id, folders.pop() or None):
                (folders.append if one.is_dir else found.add)(one.path)
        return found

    def version_of(self, system: str, alias: str) -> str | None:
        if alias not in self.client.get_registered_model(system).aliases:
            return None
        found = self.client.get_model_version_by_alias(system, alias)
        return str(found.tags["shopkeeper.version"])

    def run_of(self, system: str, version: str) -> str | None:
        for one in self.client.search_model_versions(f"name = '{system}'"):
            if one.tags["shopkeeper.version"] == version:
                return str(self.client.get_run(str(one.run_id)).data.tags["shopkeeper.run"])
        return None


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as MLflow makes it, to be copied."""
    path = tmp_path_factory.mktemp("mlflow") / "empty.db"
    open_client(f"sqlite:///{path}")
    return path


@pytest.fixture
def url(empty_store: Path, tmp_path: Path) -> str:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def log(url: str, tmp_path: Path) -> Iterator[MlflowLog]:
    """A log that waits for nothing."""
    made = MlflowLog(url, tmp_path / "mlflow")
    yield made
    assert made.send() == made.state.refused, "writes that did not get through"


@pytest.fixture
def reader(url: str) -> LogReader:
    return ClientReader(url)


class TestMlflowLogKeepsTheLaws(ExperimentLogSuite):
    """On SQLite and files."""


class Ticker:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_new_process_finds_the_run_its_trials_and_its_figures(url: str, tmp_path: Path, reader: LogReader) -> None:
    for _ in range(2):
        log = MlflowLog(url, tmp_path / "mlflow")
        log.begin("r1", "recommendations", {"k": 20}, {})
        log.trial("r1", 0, {"k": 10}, 0.3, "done")
        log.metrics("r1", {"hr": 0.1})
    log.end("r1", "done")
    assert reader.runs() == ["r1"]
    assert reader.trials("r1") == {0: ("done", 0.3)}
    assert reader.history("r1", "hr") == [(0, 0.1)]
    assert reader.history("r1", "trial_value") == [(0, 0.3)]


def test_a_trial_a_killed_process_left_half_written_is_made_whole(
    url: str, tmp_path: Path, reader: ClientReader
) -> None:
    log = MlflowLog(url, tmp_path / "mlflow")
    log.begin("r1", "recommendations", {}, {})
    parent = next(run for run in reader._all() if run.data.tags.get("shopkeeper.run") == "r1")
    tags = {"mlflow.parentRunId": parent.info.run_id, "shopkeeper.trial": "0", "shopkeeper.state": "done"}
    reader.client.create_run(parent.info.experiment_id, tags=tags)
    again = MlflowLog(url, tmp_path / "mlflow")
    again.trial("r1", 0, {"k": 10}, 0.3, "done")
    again.end("r1", "done")
    assert reader.trials("r1") == {0: ("done", 0.3)}


def test_trials_and_figures_are_sent_now_and_then_so_they_do_not_slow_a_run(
    url: str, tmp_path: Path, reader: LogReader
) -> None:
    tick = Ticker()
    log = MlflowLog(url, tmp_path / "mlflow", tick=tick)
    log.begin("r1", "recommendations", {}, {})
    log.trial("r1", 0, {}, 0.1, "done")
    assert (reader.trials("r1"), log.missed) == ({}, 1)
    tick.now = EVERY_SECONDS
    log.trial("r1", 1, {}, 0.2, "done")
    assert (len(reader.trials("r1")), log.missed) == (2, 0)


def test_a_server_that_does_not_answer_costs_no_run_and_what_was_missed_is_sent_later(
    url: str, tmp_path: Path, reader: LogReader
) -> None:
    tick = Ticker()
    away = MlflowLog("http://127.0.0.1:9", tmp_path / "mlflow", tick=tick)
    away.begin("r1", "recommendations", {"k": 1}, {})
    away.register("r1", example_version("a"), example_bundle(tmp_path))
    away.end("r1", "done")
    assert away.missed == 3
    assert away.state.trouble is not None
    assert "127.0.0.1" in away.state.trouble
    back = MlflowLog(url, tmp_path / "mlflow", tick=tick)
    back.alias("recommendations", "champion", "a")
    assert (back.missed, back.state.trouble) == (0, None)
    assert reader.version_of("recommendations", "champion") == "a"
    assert reader.state("r1") == "done"


def test_after_a_failure_the_log_is_left_alone_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def refuse(url: str) -> MlflowClient:
        tried.append(url)
        raise ConnectionError("nobody there")

    monkeypatch.setattr("shopkeeper.engines.mlflow_log.open_client", refuse)
    tick = Ticker()
    log = MlflowLog("http://127.0.0.1:9", tmp_path, tick=tick)
    log.begin("r1", "recommendations", {}, {})
    log.end("r1", "done")
    assert len(tried) == 1
    tick.now = REST_SECONDS
    log.end("r1", "done")
    assert len(tried) == 2


def test_without_mlflow_writes_wait_and_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shopkeeper.engines.mlflow_store.installed", lambda: False)
    log = MlflowLog(f"sqlite:///{tmp_path}/mlflow.db", tmp_path)
    log.begin("r1", "recommendations", {}, {})
    assert log.missed == 1
    assert "shopkeeper[train]" in str(log.state.trouble)


def test_the_store_has_the_tables_mlflow_itself_checks_for(empty_store: Path) -> None:
    engine = utils.create_sqlalchemy_engine_with_retry(f"sqlite:///{empty_store}")  # type: ignore[no-untyped-call]
    try:
        utils._verify_schema(engine)  # type: ignore[no-untyped-call]
        assert utils._all_tables_exist(engine)  # type: ignore[no-untyped-call]
    finally:
        engine.dispose()
    assert list(empty_store.parent.glob(".empty.db.*[!k]")) == [], "no draft is left"


def test_a_store_of_an_older_mlflow_is_copied_and_brought_up_to_date(url: str, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    engine = utils.create_sqlalchemy_engine_with_retry(url)  # type: ignore[no-untyped-call]
    config = utils._get_alembic_config(url)  # type: ignore[no-untyped-call]
    head = utils._get_schema_version(engine)  # type: ignore[no-untyped-call]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    assert utils._get_schema_version(engine) != head  # type: ignore[no-untyped-call]
    engine.dispose()
    open_client(url).search_experiments()
    assert utils._get_schema_version(engine) == head  # type: ignore[no-untyped-call]
    engine.dispose()
    with sqlite3.connect(tmp_path / "mlflow.db.before-upgrade") as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() != (head,)
    assert path.is_file()


def test_a_large_bundle_is_linked_not_copied(
    log: MlflowLog, reader: ClientReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopkeeper.engines.mlflow_writer.COPIED_BYTES", 3)
    bundle = example_bundle(tmp_path)
    log.begin("r1", "recommendations", {}, {})
    log.register("r1", example_version("a"), bundle)
    assert reader.files("r1") == {"bundle/manifest.json"}
    [found] = reader.client.search_model_versions("name = 'recommendations'")
    assert found.tags["shopkeeper.bundle"] == str(bundle)


def test_a_pickle_never_goes_to_the_log(log: MlflowLog, reader: LogReader, tmp_path: Path) -> None:
    bundle = example_bundle(tmp_path)
    (bundle / "model.pkl").write_bytes(b"\x80")
    log.begin("r1", "recommendations", {}, {})
    log.register("r1", example_version("a"), bundle)
    assert reader.files("r1") == {"bundle/manifest.json", "bundle/items.npy"}


def test_an_alias_of_a_version_mlflow_does_not_know_is_counted(log: MlflowLog) -> None:
    alias: Alias = "champion"
    log.alias("recommendations", alias, "nowhere")
    assert log.state.refused == 1


def test_mlflow_is_told_to_send_no_telemetry(url: str) -> None:
    open_client(url)
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["DO_NOT_TRACK"] == "true"


def test_a_url_mlflow_does_not_speak_is_refused_with_what_it_does() -> None:
    with pytest.raises(ConfigError, match=r"ftp://x.*sqlite:///mlflow\.db"):
        MlflowLog("ftp://x", Path())


def test_a_torn_line_at_the_end_of_the_spool_waits(tmp_path: Path) -> None:
    (tmp_path / "waiting.jsonl").write_bytes(b'{"type":"End","run":"r1"')
    taken: list[object] = []
    Spool(tmp_path).send(taken.append, lambda: True)
    assert taken == []
