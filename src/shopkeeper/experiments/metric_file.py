"""Reads metrics from YAML: those that ship, with what a workspace changes or adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from shopkeeper.experiments.metric_definitions import (
    CUT,
    OF_PRODUCTS,
    OF_SERVICE,
    Figure,
    MetricDefinition,
    MetricFile,
    Metrics,
)
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.document import read_document, read_text
from shopkeeper.objectives.rules import named_twice
from shopkeeper.objectives.wrong import Wrong, meant

FILE: Final = "metrics.yaml"
_GUIDE: Final = "docs/guides/experiments.md says what each key means."
_NOTHING: Final = Metrics({}, {})


@cache
def shipped_metrics() -> Metrics:
    """Return the metrics that ship with Shopkeeper."""
    text = resources.files("shopkeeper.experiments").joinpath(FILE).read_text("utf-8")
    return read_metrics(text, f"the shipped {FILE}", _NOTHING)


def load_metrics(folder: Path) -> Metrics:
    """Return the metrics of a workspace: what ships, and what its own `metrics.yaml` changes or adds by name.

    Raises:
        ConfigError: the file cannot be read or breaks the rules; names each line, key, value and remedy.
    """
    path = folder / FILE
    text = read_text(path)
    return shipped_metrics() if text is None else read_metrics(text, path.name, shipped_metrics())


def read_metrics(text: str, name: str, before: Metrics) -> Metrics:
    """Return the metrics a YAML text holds on top of others.

    Args:
        name: Name of the file, for messages.
        before: What holds where the text says nothing.
    Raises:
        ConfigError: it breaks the rules; its `problems` hold one entry for each thing wrong.
    """

    def rules(file: MetricFile) -> Iterator[Wrong]:
        known = _together(before, file)
        yield from _figures(file.figures)
        for place, metric in enumerate(file.metrics):
            yield from _metric(f"metrics[{place}]", metric, known.figures)
        yield from named_twice("metrics", (one.name for one in file.metrics))

    return _together(before, read_document(MetricFile, text, name, rules, _GUIDE))


def _together(before: Metrics, file: MetricFile) -> Metrics:
    figures = before.figures | {one.name: one for one in file.figures}
    return Metrics(figures, before.metrics | {one.name: one for one in file.metrics})


def _figures(figures: tuple[Figure, ...]) -> Iterator[Wrong]:
    yield from named_twice("figures", (one.name for one in figures))
    for place, one in enumerate(figures):
        path, counted = f"figures[{place}]", one.measure in ("events", "quantity")
        if counted and not one.events:
            yield Wrong(path, f"{one.name} names no events", "Name the types it counts, such as `events: [click]`.")
        if not counted and (one.events or one.led or one.surfaces):
            remedy = f"Leave out events, led and surfaces, or write `measure: events` instead of {one.measure}."
            yield Wrong(path, f"{one.name} is {one.measure}, which is not counted by event", remedy)


def _metric(path: str, metric: MetricDefinition, figures: Mapping[str, Figure]) -> Iterator[Wrong]:
    yield from _described(path, metric)
    if metric.rows != "units":
        known = OF_SERVICE if metric.rows == "service" else OF_PRODUCTS
        if metric.of not in known:
            yield Wrong(f"{path}.of", f"is {metric.of!r}", meant(metric.of, known))
        if metric.over is not None or metric.shape != "whole":
            yield Wrong(path, f"{metric.name} is made of {metric.rows}", "Leave out over and shape.")
        return
    for key, name in (("of", metric.of), ("over", metric.over)):
        if name is not None and name not in figures:
            yield Wrong(f"{path}.{key}", f"is {name!r}, which is no figure", meant(name, figures))
    if metric.over is not None and metric.shape != "whole":
        yield Wrong(f"{path}.shape", f"is {metric.shape!r} of a ratio", "Leave it out, or leave out over.")
    measure = figures[metric.of].measure if metric.of in figures else None
    if metric.winsorised and (metric.over is not None or measure not in CUT):
        remedy = f"Only means of {' and '.join(sorted(CUT))} are cut."
        yield Wrong(f"{path}.winsorised", f"is true though {metric.name} is no such mean", remedy)
    known_metric = CATALOGUE.get(metric.name)
    if known_metric is not None and known_metric.form != metric.form:
        remedy = f"Make it a {known_metric.form}, or give it a name of your own."
        yield Wrong(path, f"{metric.name} is a {metric.form} here and a {known_metric.form} in the catalogue", remedy)


def _described(path: str, metric: MetricDefinition) -> Iterator[Wrong]:
    said = {"unit": metric.unit, "direction": metric.direction, "definition": metric.definition}
    if metric.name in CATALOGUE:
        for key in (key for key, value in said.items() if value is not None):
            yield Wrong(f"{path}.{key}", f"is said of {metric.name}, which the catalogue defines", "Leave it out.")
    else:
        for key in (key for key, value in said.items() if value is None):
            remedy = f"Write it, as {metric.name} is not in the catalogue. {meant(metric.name, CATALOGUE)}"
            yield Wrong(f"{path}.{key}", "is missing", remedy)
