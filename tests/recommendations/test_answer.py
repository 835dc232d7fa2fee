"""What comes back."""

from __future__ import annotations

from shopkeeper.recommendations.answer import Reason, Recommendation, RecommendationAnswer


def test_an_answer_is_logged_alike_each_time_and_what_is_logged_is_kept_from_the_second_on() -> None:
    answer = RecommendationAnswer((Recommendation("cup", 1.0, (Reason("popular", "Popular in this shop"),)),))
    first, second, third = (answer.logged_json for _ in range(3))
    assert bytes(first) == bytes(second) == b'[{"product":"cup","score":1.0,"reasons":["popular"]}]'
    assert first is not second
    assert second is third
