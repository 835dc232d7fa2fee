"""The laws of `serving.ports.DecisionSystem`, for any system: subclass and give `system` and `requests` fixtures."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from shopkeeper.serving.ports import DecisionSystem

System = DecisionSystem[Any, Any]


class DecisionSystemSuite:
    """Every system passes these. `system` has a model loaded; `requests` are of many kinds."""

    def test_the_model_has_a_version(self, system: System) -> None:
        assert system.version

    def test_the_rules_answer_every_request(self, system: System, requests: Sequence[Any]) -> None:
        for request in requests:
            assert system.still_holds(request, system.fallback(request))

    def test_what_the_model_answers_may_be_shown(self, system: System, requests: Sequence[Any]) -> None:
        for request in requests:
            assert system.still_holds(request, system.answer(request))

    def test_several_requests_at_once_are_answered_as_one_by_one(self, system: System, requests: Sequence[Any]) -> None:
        assert list(system.answers(requests)) == [system.answer(request) for request in requests]
        assert list(system.answers([])) == []

    def test_the_same_request_gives_the_same_answer(self, system: System, requests: Sequence[Any]) -> None:
        for request in requests:
            assert system.answer(request) == system.answer(request)
            assert system.fallback(request) == system.fallback(request)

    def test_a_key_can_be_looked_up_and_equal_keys_have_equal_answers(
        self, system: System, requests: Sequence[Any]
    ) -> None:
        answers: dict[Any, Any] = {}
        for request in requests:
            key = system.cache_key(request)
            if key is not None:
                assert answers.setdefault(key, system.answer(request)) == system.answer(request)

    def test_an_earlier_answer_is_renewed_into_one_that_may_be_shown(
        self, system: System, requests: Sequence[Any]
    ) -> None:
        last = {system.last_key(request): system.answer(request) for request in requests}
        for request in requests:
            key = system.last_key(request)
            if key is not None:
                assert system.still_holds(request, system.renewed(request, last[key]))

    def test_answers_given_by_several_threads_at_once_are_the_same(
        self, system: System, requests: Sequence[Any]
    ) -> None:
        alone = [system.answer(request) for request in requests]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(system.answer, list(requests) * 5)) == alone * 5

    def test_what_is_drawn_from_an_answer_may_be_shown_and_is_drawn_alike_again(
        self, system: System, requests: Sequence[Any]
    ) -> None:
        for request in requests:
            made = system.answer(request)
            shown = system.draw(request, made, "decision")
            assert system.still_holds(request, shown)
            assert shown == system.draw(request, made, "decision")
            for _, chance, other in system.likelihoods(request, shown, made):
                assert 0 < chance <= 1
                assert 0 <= other <= 1

    def test_what_is_kept_of_an_answer_is_plain_json_with_its_length(
        self, system: System, requests: Sequence[Any]
    ) -> None:
        for request in requests:
            results, kept = system.record(system.answer(request))
            assert results >= 0
            written = msgspec.json.encode(kept)
            assert msgspec.json.encode(msgspec.json.decode(written, type=dict[str, Any])) == written
