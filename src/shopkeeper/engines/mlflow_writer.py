"""Writes entries of the experiment log through MLflow's own client, each so that a second time changes nothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from mlflow.entities import Experiment, Metric, Param, Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from shopkeeper.engines.experiment_entries import (
    Begin,
    End,
    Entry,
    Figures,
    Kept,
    Pointed,
    Registered,
    TrialEnded,
)
from shopkeeper.engines.experiment_spool import Refused

COPIED_BYTES: Final = 50_000_000
"""A bundle up to this size is copied to the log; of a larger one its manifest and card, with a link to its folder."""
BUNDLE_FILES: Final = (".npy", ".onnx", ".safetensors", ".json", ".html")
RUN_TAG, TRIAL_TAG, VERSION_TAG = "shopkeeper.run", "shopkeeper.trial", "shopkeeper.version"
_STATES: Final = {
    "done": "FINISHED", "failed": "FAILED", "cancelled": "KILLED", "pruned": "KILLED",
}  # fmt: skip
_PARAMETERS_AT_ONCE: Final = 100
_METRICS_AT_ONCE: Final = 1_000
_RETRIED: Final = frozenset({401, 403, 408, 429})


@dataclass(frozen=True, slots=True)
class _Children:
    """Trials of a run: numbers of those whose record is whole, and ids of those a killed process left half written."""

    ended: set[int]
    open: dict[int, str]


class MlflowWriter:
    """Applies entries.

    Args:
        artifacts: URI that files of new experiments go below; None leaves it to the server.
    """

    def __init__(self, client: MlflowClient, artifacts: str | None) -> None:
        self._client = client
        self._artifacts = artifacts
        self._runs: dict[str, str] = {}
        self._experiments: dict[str, str] = {}
        self._made: set[str] = set()
        self._written: dict[tuple[str, str], set[tuple[int, float]]] = {}
        self._trials: dict[str, _Children] = {}

    def write(self, entry: Entry) -> None:
        """Write one entry.

        Raises:
            Refused: MLflow will never take it.
        """
        try:
            self._apply(entry)
        except MlflowException as error:
            status = int(error.get_http_status_code())  # type: ignore[no-untyped-call]
            if 400 <= status < 500 and status not in _RETRIED:
                raise Refused(str(error)) from error
            raise

    def _apply(self, entry: Entry) -> None:
        match entry:
            case Begin():
                self._begin(entry)
            case Figures():
                run = self._run(entry.run)
                self._metrics(
                    run, {n: math.nan if v is None else v for n, v in entry.values.items()}, entry.at, entry.step
                )
            case TrialEnded():
                self._trial(entry)
            case Kept():
                self._keep(self._run(entry.run), Path(entry.path), entry.folder)
            case Registered():
                self._register(entry)
            case Pointed():
                self._point(entry)
            case End():
                self._client.set_terminated(self._run(entry.run), _STATES[entry.state], entry.at)

    def _begin(self, entry: Begin) -> None:
        found = self._find(entry.run, [self._experiment(entry.system)])
        if found is None:
            tags = {RUN_TAG: entry.run, "shopkeeper.system": entry.system}
            experiment = self._experiment(entry.system)
            found = self._client.create_run(experiment, entry.at, {**tags, **entry.tags}, run_name=entry.run)
            self._made.add(found.info.run_id)
            self._trials[entry.run] = _Children(set(), {})
        elif found.info.status != "RUNNING":
            self._client.update_run(found.info.run_id, status="RUNNING")
        self._runs[entry.run] = found.info.run_id
        self._parameters(found, entry.parameters)

    def _parameters(self, run: Run, parameters: Mapping[str, Any]) -> None:
        """Write parameters that are new; MLflow never changes one, so another value is refused by name."""
        wanted = dict(_flat(parameters))
        new = [Param(name, value) for name, value in wanted.items() if name not in run.data.params]
        for some in _batches(new, _PARAMETERS_AT_ONCE):
            self._client.log_batch(run.info.run_id, params=some, synchronous=True)
        other = [n for n, value in wanted.items() if run.data.params.get(n, value) != value]
        if other:
            raise Refused(f"Parameter {other[0]} is {run.data.params[other[0]]}, not {wanted[other[0]]}.")

    def _metrics(self, run: str, values: Mapping[str, float], at: int, step: int) -> None:
        new = []
        for name, value in values.items():
            key = _name(name)
            written = self._history(run, key)
            if (step, value) not in written:
                new.append(Metric(key, value, at, step))
        for some in _batches(new, _METRICS_AT_ONCE):
            self._client.log_batch(run, metrics=some, synchronous=True)
        for metric in new:
            self._written[run, metric.key].add((step, metric.value))

    def _history(self, run: str, key: str) -> set[tuple[int, float]]:
        if (run, key) not in self._written:
            history = [] if run in self._made else self._client.get_metric_history(run, key)
            self._written[run, key] = {(found.step, found.value) for found in history}
        return self._written[run, key]

    def _trial(self, entry: TrialEnded) -> None:
        parent = self._run(entry.run)
        children = self._children(entry.run, parent)
        if entry.number in children.ended:
            return
        child = children.open.get(entry.number) or self._new_child(entry, parent)
        metrics = [] if entry.value is None else [Metric("value", entry.value, entry.at, 0)]
        parameters = [Param(key, value) for key, value in _flat(entry.parameters)][:_PARAMETERS_AT_ONCE]
        self._client.log_batch(child, metrics=metrics, params=parameters, synchronous=True)
        if entry.value is not None:
            self._metrics(parent, {"trial_value": entry.value}, entry.at, entry.number)
        self._client.set_terminated(child, _STATES[entry.state], entry.at)
        children.ended.add(entry.number)

    def _new_child(self, entry: TrialEnded, parent: str) -> str:
        tags = {"mlflow.parentRunId": parent, TRIAL_TAG: str(entry.number), "shopkeeper.state": entry.state}
        experiment = self._client.get_run(parent).info.experiment_id
        made = self._client.create_run(experiment, entry.at, tags, run_name=f"trial {entry.number}")
        return str(made.info.run_id)

    def _children(self, run: str, parent: str) -> _Children:
        """Return the trials MLflow knows of a run."""
        if run not in self._trials:
            found, token = _Children(set(), {}), None
            experiment = self._client.get_run(parent).info.experiment_id
            while token != "":
                page = self._client.search_runs(
                    [experiment], f"tags.`mlflow.parentRunId` = '{parent}'", max_results=1_000, page_token=token
                )
                for child in page:
                    number = int(child.data.tags[TRIAL_TAG])
                    if child.info.status == "RUNNING":
                        found.open[number] = child.info.run_id
                    else:
                        found.ended.add(number)
                token = page.token or ""
            self._trials[run] = found
        return self._trials[run]

    def _keep(self, run: str, path: Path, folder: str) -> None:
        if path.is_dir():
            self._client.log_artifacts(run, str(path), f"{folder}/{path.name}".lstrip("/"))
        elif path.is_file():
            self._client.log_artifact(run, str(path), folder or None)
        else:
            raise Refused(f"{path} is not there any more.")

    def _register(self, entry: Registered) -> None:
        if self._version(entry.system, entry.version) is not None:
            return
        try:
            run = self._run(entry.run)
        except Refused:  # trained before there was a log, or the log was lost: the version is known all the same
            self._begin(Begin(entry.run, entry.system, {}, {"shopkeeper.note": "no record of the run itself"}, 0))
            run = self._runs[entry.run]
            self._client.set_terminated(run, "FINISHED")
        bundle = Path(entry.bundle)
        copied = self._bundle(run, bundle)
        tags = {
            VERSION_TAG: entry.version,
            "shopkeeper.model": entry.model,
            "shopkeeper.run": entry.run,
            "shopkeeper.blessed": "yes" if entry.blessed else "no",
            "shopkeeper.fingerprint": entry.fingerprint,
            "shopkeeper.bundle": "copied" if copied else entry.bundle,
        }
        try:
            self._client.create_registered_model(entry.system)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        self._client.create_model_version(
            entry.system,
            f"runs:/{run}/bundle",
            run_id=run,
            tags=tags,
            description=f"Shopkeeper version {entry.version}, {entry.model}",
            await_creation_for=0,
        )

    def _bundle(self, run: str, bundle: Path) -> bool:
        """Keep a bundle with its run: all of it, or what tells about it; return whether all of it is kept."""
        files = [path for path in sorted(bundle.glob("*")) if path.suffix in BUNDLE_FILES and path.name[0] != "."]
        small = sum(path.stat().st_size for path in files) <= COPIED_BYTES
        for path in files:
            if small or path.suffix in (".json", ".html"):
                self._client.log_artifact(run, str(path), "bundle")
        return small and bool(files)

    def _version(self, system: str, version: str) -> int | None:
        """Return MLflow's own number of a version."""
        found = self._client.search_model_versions(f"name = '{system}' and tags.`{VERSION_TAG}` = '{version}'")
        return int(found[0].version) if found else None

    def _point(self, entry: Pointed) -> None:
        number = None if entry.version is None else self._version(entry.system, entry.version)
        if entry.version is not None and number is None:
            raise Refused(f"Version {entry.version} of {entry.system} is not registered in MLflow.")
        try:
            now = self._client.get_registered_model(entry.system).aliases.get(entry.alias)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST" and number is None:
                return
            raise
        if number is None and now is not None:
            self._client.delete_registered_model_alias(entry.system, entry.alias)
        elif number is not None and (now is None or int(now) != number):
            self._client.set_registered_model_alias(entry.system, entry.alias, str(number))

    def _experiment(self, system: str) -> str:
        if system not in self._experiments:
            found = self._client.get_experiment_by_name(system)
            self._experiments[system] = found.experiment_id if found else self._new_experiment(system)
        return self._experiments[system]

    def _new_experiment(self, system: str) -> str:
        place = f"{self._artifacts}/{system}" if self._artifacts else None
        try:
            made: str = self._client.create_experiment(system, place, {"shopkeeper": "system"})
        except MlflowException as error:
            there = self._client.get_experiment_by_name(system)
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or there is None:
                raise
            return str(there.experiment_id)
        return made

    def _run(self, run: str) -> str:
        """Return MLflow's id of a run. Raises Refused when it has no record."""
        if run not in self._runs:
            ours: list[Experiment] = self._client.search_experiments(filter_string="tags.shopkeeper = 'system'")
            found = self._find(run, [one.experiment_id for one in ours])
            if found is None:
                raise Refused(f"Run {run} was never begun.")
            self._runs[run] = found.info.run_id
        return self._runs[run]

    def _find(self, run: str, experiments: list[str]) -> Run | None:
        found = self._client.search_runs(experiments, f"tags.`{RUN_TAG}` = '{run}'") if experiments else []
        return found[0] if found else None


def _name(name: str) -> str:
    """Return a name as MLflow allows it: `ndcg@10` becomes `ndcg_at_10`."""
    return re.sub(r"[^\w\-. :/]", "_", name.replace("@", "_at_"))


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Return nested parameters as names and texts: `{"a": {"b": 1}}` -> `a.b`: `1`."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield _name(f"{above}{name}"), value if isinstance(value, str) else json.dumps(value)


def _batches(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    left = iter(rows)
    while some := list(islice(left, size)):
        yield some
