"""What every learning system must do: subclass, and say which system, which data, and how to change what lies after a
moment.

class TestRecommendations(LearningSuite[Interactions, RecommendationModel]):
    def system(self) -> LearningSystem[Interactions, RecommendationModel]: ...
    def data(self) -> Interactions: ...
    def with_another_future(self, data: Interactions, cutoff: int) -> Interactions: ...
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Generic

import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.errors import BundleDamaged, UnknownModel
from shopkeeper.jobs.shards import check_call
from shopkeeper.registry.bundle import Bundle, BundleContent, open_bundle, write_bundle
from shopkeeper.training.ports import CaseScores, DataT, LearningSystem, ModelT, Parameters
from shopkeeper.training.split import TimeSplit, time_split

Arrays = Mapping[str, npt.NDArray[np.generic]]


class LearningSuite(Generic[DataT, ModelT]):
    """Every learning system passes these."""

    def system(self) -> LearningSystem[DataT, ModelT]:
        """Return the system under test."""
        raise NotImplementedError

    def data(self) -> DataT:
        """Return data that are large enough to learn from and to judge with."""
        raise NotImplementedError

    def with_another_future(self, data: DataT, cutoff: int) -> DataT:
        """Return the same data up to `cutoff`, and something else after it, attributes of what is new then included."""
        raise NotImplementedError

    def few(self) -> DataT:
        """Return data for a hundred fits that are asked whether they succeed, not how good they are."""
        return self.data()

    def quick(self, model: str) -> Parameters:  # noqa: ARG002 - each knows its own
        """Return parameters that make a slow model quick enough for a test; they are given to every fit of it."""
        return {}

    def fitted(self, model: str) -> ModelT:
        """Return a model fitted on all the data; once for all tests of the class."""
        return self._fitted_once(model, past=False)

    def fitted_before(self, model: str) -> ModelT:
        """Return a model fitted on what came before the exam's cutoff; once for all tests of the class."""
        return self._fitted_once(model, past=True)

    @classmethod
    @cache
    def _fitted_once(cls, model: str, *, past: bool) -> ModelT:
        one = cls()
        system, data = one.system(), one.data()
        return system.fit(model, one._past(data) if past else data, one.quick(model), 3)

    def _past(self, data: DataT) -> DataT:
        return self.system().take(data, self._split(data).train)

    def test_the_first_model_and_the_baseline_can_be_fitted(self) -> None:
        system = self.system()
        assert system.baseline in system.models
        for model in system.models:
            assert system.parameters(self.fitted(model))

    def test_the_same_data_parameters_and_seed_give_the_same_arrays(self) -> None:
        system = self.system()
        for model in system.models:
            again = system.fit(model, self.data(), self.quick(model), 3)
            check_equal(system.arrays(self.fitted(model), self.data()), system.arrays(again, self.data()))

    def test_other_processes_make_it_anew_and_it_reads_fits_and_judges_alike(self, tmp_path: Path) -> None:
        system, data = self.system(), self.data()
        check_call(system.offline())
        other = system.offline()()
        system.write(data, tmp_path)
        split = self._split(data)
        read = other.read(tmp_path)
        mine, theirs = (
            one.exam(rows, split.cutoff, 3).score(one.fit(one.models[0], one.take(rows, split.train), {}, 3))
            for one, rows in ((system, data), (other, read))
        )
        check_equal(mine.metrics, theirs.metrics)

    def test_nothing_outside_the_given_rows_changes_a_model(self) -> None:
        system, split = self.system(), self._split(self.data())
        other = self.with_another_future(self.data(), split.cutoff)
        kept = system.times(other) < split.cutoff
        for model in system.models:
            here = self._scores(self.fitted_before(model), self.data(), split.cutoff)
            fitted = system.fit(model, system.take(other, kept), self.quick(model), 3)
            there = self._scores(fitted, self.data(), split.cutoff)
            check_scores(here, there)

    def test_the_exam_asks_every_time_the_same(self) -> None:
        system, split = self.system(), self._split(self.data())
        for model in system.models:
            first, second = (self._scores(self.fitted_before(model), self.data(), split.cutoff) for _ in range(2))
            check_scores(first, second)

    def test_parts_of_an_exam_share_out_its_questions(self) -> None:
        system, split = self.system(), self._split(self.data())
        fitted = self.fitted_before(system.baseline)
        exam = system.exam(self.data(), split.cutoff, 3)
        parts = exam.parts(3)
        assert sum(len(part) for part in parts) == len(exam)
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
        assert len(exam.parts(len(exam) + 5)) == len(exam)
        asked = np.concatenate([part.score(fitted).metrics[system.metric] for part in parts])
        np.testing.assert_allclose(np.sort(asked), np.sort(exam.score(fitted).metrics[system.metric]))

    def test_every_default_lies_inside_its_search_range(self) -> None:
        system = self.system()
        for model in system.models:
            defaults = system.defaults(model)
            for name, where in system.search_space(model).items():
                if where.choices:
                    assert defaults[name] in where.choices
                else:
                    assert where.low <= defaults[name] <= where.high
                    assert where.low < where.high
                    assert where.low > 0 or not where.log
                    assert not where.integer or defaults[name] == int(defaults[name])

    def test_both_ends_of_every_search_range_can_be_fitted_and_change_what_is_fitted(self) -> None:
        system, data = self.system(), self.few()
        for model in system.models:
            quick = dict(self.quick(model))
            usual = system.parameters(system.fit(model, data, quick, 3))
            for name, where in system.search_space(model).items():
                ends = where.choices or (
                    (int(where.low), int(where.high)) if where.integer else (where.low, where.high)
                )
                for value in (ends[0], ends[-1]):
                    found = system.parameters(system.fit(model, data, quick | {name: value}, 3))
                    own = {**system.defaults(model), **quick}[name]
                    assert (found == usual) == (own == value), name

    def test_a_model_is_fitted_again_from_its_own_parameters(self) -> None:
        system, data = self.system(), self.data()
        for model in system.models:
            first = self.fitted(model)
            again = system.fit(model, data, system.parameters(first), 3)
            check_equal(system.arrays(first, data), system.arrays(again, data))

    def test_a_parameter_nobody_knows_is_refused_by_name(self) -> None:
        system = self.system()
        for model in system.models:
            with pytest.raises(Exception, match="no-such-thing"):
                system.fit(model, self.data(), {"no-such-thing": 1}, 3)

    def test_a_model_nobody_knows_is_refused(self) -> None:
        with pytest.raises(UnknownModel, match="no-such-model"):
            self.system().fit("no-such-model", self.data(), {}, 3)

    def test_data_read_back_fit_and_judge_alike(self, tmp_path: Path) -> None:
        system, data = self.system(), self.data()
        system.write(data, tmp_path)
        back = system.read(tmp_path)
        assert system.summary(back) == system.summary(data)
        np.testing.assert_array_equal(system.times(back), system.times(data))
        split = self._split(data)
        for model in system.models:
            again = system.fit(model, back, self.quick(model), 3)
            check_equal(system.arrays(self.fitted(model), data), system.arrays(again, back))
            before = system.fit(model, self._past(back), self.quick(model), 3)
            check_scores(
                self._scores(self.fitted_before(model), data, split.cutoff), self._scores(before, back, split.cutoff)
            )

    def test_the_same_data_are_written_as_the_same_bytes_without_pickle(self, tmp_path: Path) -> None:
        digests = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            self.system().write(self.data(), tmp_path / name)
            files = sorted((tmp_path / name).iterdir())
            digests.append({file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files})
            assert {file.suffix for file in files} <= {".npy", ".json"}
        assert digests[0] == digests[1]

    def test_data_that_were_changed_on_disk_are_not_read(self, tmp_path: Path) -> None:
        system = self.system()
        system.write(self.data(), tmp_path)
        largest = max(tmp_path.iterdir(), key=lambda file: file.stat().st_size)
        raw = bytearray(largest.read_bytes())
        raw[-1] ^= 1
        largest.write_bytes(bytes(raw))
        with pytest.raises(BundleDamaged, match=str(tmp_path)):
            system.read(tmp_path)

    def test_a_folder_without_data_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(BundleDamaged, match=str(tmp_path)):
            self.system().read(tmp_path)

    def test_a_served_bundle_scores_like_the_fitted_model(self, tmp_path: Path) -> None:
        system, data = self.system(), self.data()
        split = self._split(data)
        past = self._past(data)
        exam = system.exam(data, split.cutoff, 3)
        for model in system.models:
            fitted = self.fitted_before(model)
            opened = system.open(self.bundle(model, fitted, past, tmp_path))
            check_scores(exam.score(fitted), exam.score(opened))
            assert dict(system.parameters(opened)) == dict(system.parameters(fitted))

    def test_a_bundle_answers_every_shopper_that_is_asked_for(self, tmp_path: Path) -> None:
        system, data = self.system(), self.data()
        for model in system.models:
            answer = system.answerer(self.bundle(model, self.fitted(model), data, tmp_path), data, 3)
            assert [answer(number) for number in range(20)] == [answer(number) for number in range(20)]
            assert answer(1_000_000)

    def test_what_a_model_lives_on_is_told_in_shares(self) -> None:
        system, split = self.system(), self._split(self.data())
        exam = system.exam(self.data(), split.cutoff, 3)
        for model in system.models:
            shares = exam.importance(self.fitted_before(model))
            assert all(share >= 0 for share in shares.values())
            assert sum(shares.values()) == pytest.approx(1.0) or not any(shares.values())

    def bundle(self, model: str, fitted: ModelT, data: DataT, folder: Path) -> Bundle:
        """Return a model written to disk and opened again."""
        system = self.system()
        content = BundleContent(
            system=system.name,
            model=model,
            code_version="test",
            parameters=system.parameters(fitted),
            seed=3,
            fingerprint=system.summary(data).fingerprint,
            metrics={},
            arrays=system.arrays(fitted, data),
        )
        manifest = write_bundle(folder, content, datetime(2026, 1, 1, tzinfo=UTC))
        return open_bundle(folder / system.name / manifest.version)

    def _split(self, data: DataT) -> TimeSplit:
        return time_split(self.system().times(data), 0.2)

    def _scores(self, fitted: ModelT, data: DataT, cutoff: int) -> CaseScores:
        return self.system().exam(data, cutoff, 3).score(fitted)


def check_equal(first: Arrays, second: Arrays) -> None:
    """Check that two sets of arrays are the same, bit for bit."""
    assert list(first) == list(second)
    for name, array in first.items():
        assert array.dtype == second[name].dtype
        np.testing.assert_array_equal(second[name], array, err_msg=name)


def check_scores(first: CaseScores, second: CaseScores) -> None:
    """Check that two models did alike on every case."""
    assert list(first.metrics) == list(second.metrics)
    assert len(next(iter(first.metrics.values()))) > 0
    for name, values in first.metrics.items():
        np.testing.assert_array_equal(second.metrics[name], values, err_msg=name)
    assert first.totals == second.totals
    np.testing.assert_array_equal(second.confidence, first.confidence)
    np.testing.assert_array_equal(second.success, first.success)
