"""A candidate next to the rule-based baseline and the serving champion, on the same cases of the test part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Generic

import msgspec

from shopkeeper.errors import NotEnoughData
from shopkeeper.registry.bundle import Bundle
from shopkeeper.training.calibration import Calibration, calibrate
from shopkeeper.training.comparison import Against, compare
from shopkeeper.training.latency import Latency
from shopkeeper.training.ports import CaseScores, DataT, LearningSystem, ModelT, Parameters
from shopkeeper.training.split import TimeSplit

AS_IT_SERVES = "as it serves"


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth.

    Attributes:
        model: Name of the model.
        metric: The metric that decides.
        cases: Test cases, one shopper each.
        baseline: Next to the rule-based baseline.
        champion: Next to the version that serves; None while there is none.
        calibration: Whether the model's scores can be read as chances.
        importance: Signal -> share of what is lost without it.
        latency: Of the bundle that would serve; None = not measured.
    """

    model: str
    metric: str
    cases: int
    baseline: Against
    calibration: Calibration
    importance: Mapping[str, float]
    champion: Against | None = None
    latency: Latency | None = None

    @property
    def opponent(self) -> Against:
        """Whom the model must beat: what serves now, else the baseline."""
        return self.champion or self.baseline

    @property
    def better(self) -> bool:
        """True when the lower bound of the deciding difference to the opponent is above zero."""
        return self.opponent.metrics[self.metric].difference.low > 0

    def document(self) -> dict[str, Any]:
        """Return everything as it is stored with the version: the model first, then what it stands beside."""
        against = self.baseline
        found: dict[str, Any] = {
            **{name: asdict(one.model) for name, one in against.metrics.items()},
            **{name: {"value": one.model} for name, one in against.totals.items()},
            "cases": self.cases,
            "baseline": against.document(),
            "difference": against.differences(),
            "slices": against.slice_documents(),
            "calibration": [asdict(one) for one in self.calibration.bins],
            "importance": dict(self.importance),
        }
        if self.champion is not None:
            found["champion"] = {
                **self.champion.document(),
                "difference": self.champion.differences(),
                "slices": self.champion.slice_documents(),
            }
        if self.latency is not None:
            found["latency"] = asdict(self.latency)
        return found

    def plain(self) -> dict[str, Any]:
        """Return all of it as plain JSON values, so that a durable step can record it."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Evaluation:
        """Return the evaluation that `plain` was made of."""
        return msgspec.convert(plain, cls)


@dataclass(frozen=True)
class Serving:
    """The version that serves now.

    Attributes:
        bundle: Opened as serving opens it.
        data_end: Time of the newest row it was trained on, UTC; None = not known.
    """

    bundle: Bundle
    data_end: datetime | None = field(default=None)


@dataclass(frozen=True)
class Champion(Generic[ModelT]):
    """The serving version as it takes part in an exam.

    Attributes:
        how: As it serves, or its recipe fitted again, in words.
    """

    version: str
    model: ModelT
    how: str


def evaluate(
    system: LearningSystem[DataT, ModelT],
    model: str,
    parameters: Parameters,
    data: DataT,
    split: TimeSplit,
    *,
    serving: Serving | None = None,
    resamples: int = 1_000,
    minimum_cases: int = 30,
    seed: int,
) -> Evaluation:
    """Fit a candidate on what came before the test and ask it, the baseline and the champion about the test.

    Args:
        split: The cut before the test, `Split.final`.
        serving: What serves now; None = nothing yet.
        minimum_cases: Fewest shoppers to judge with.

    Raises:
        NotEnoughData: fewer cases than that.
        UnknownModel: the champion is a model this Shopkeeper does not know.
    """
    exam = system.exam(data, split.cutoff, seed)
    if len(exam) < max(minimum_cases, 1):
        raise NotEnoughData(
            f"Only {len(exam)} {system.nouns.subjects} {system.nouns.asked} {split.moment:%Y-%m-%d %H:%M};"
            f" {max(minimum_cases, 1)} are needed to judge a model.",
            "Import more history, or raise `training.test_share` in shopkeeper.toml.",
        )
    past = system.take(data, split.train)
    fitted = system.fit(model, past, parameters, seed)
    own, calibration = _calibrated(exam.score(fitted), seed)
    importance = exam.importance(fitted)
    rules = own
    if model != system.baseline or parameters:
        rules, _ = _calibrated(exam.score(system.fit(system.baseline, past, {}, seed)), seed)
    metric = system.metric
    against = compare(
        own, rules, metric, name=system.baseline, how="the rule-based baseline", resamples=resamples, seed=seed
    )
    found = Evaluation(model, metric, len(exam), against, calibration, importance)
    if serving is None:
        return found
    champion = champion_of(system, serving, past, split)
    theirs, _ = _calibrated(exam.score(champion.model), seed)
    beside = compare(own, theirs, metric, name=champion.version, how=champion.how, resamples=resamples, seed=seed)
    return replace(found, champion=beside)


def champion_of(
    system: LearningSystem[DataT, ModelT], serving: Serving, past: DataT, split: TimeSplit
) -> Champion[ModelT]:
    """Return the champion as it may fairly take part.

    Where its own data ended before the test it takes part as it serves. Otherwise it has been taught what it would be
    asked, so its recipe (model, parameters, seed) is fitted again on the candidate's training part.

    Args:
        past: What the candidate was taught.
    """
    manifest = serving.bundle.manifest
    if serving.data_end is not None and serving.data_end < split.moment:
        how = f"{AS_IT_SERVES}: its data ended {serving.data_end:%Y-%m-%d %H:%M}, before the test"
        return Champion(manifest.version, system.open(serving.bundle), how)
    ended = "is not known" if serving.data_end is None else f"is {serving.data_end:%Y-%m-%d %H:%M}, inside the test"
    how = f"its recipe fitted again on the same training part, since the end of its own data {ended}"
    return Champion(manifest.version, system.fit(manifest.model, past, manifest.parameters, manifest.seed), how)


def _calibrated(scores: CaseScores, seed: int) -> tuple[CaseScores, Calibration]:
    """Return the scores with their calibration error among the totals, and the calibration itself."""
    found = calibrate(scores.confidence, scores.success, seed)
    return replace(scores, totals={**scores.totals, "calibration_error": found.error}), found
