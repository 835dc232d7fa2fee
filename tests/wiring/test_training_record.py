"""What a run leaves for people, under the names they look for."""

from __future__ import annotations

from shopkeeper.wiring.training_record import figures


def test_figures_are_numbers_by_name_with_both_ends_of_their_interval_and_slices_left_to_the_card() -> None:
    metrics = {
        "ndcg@10": {"value": 0.2, "low": 0.1, "high": 0.3},
        "coverage": {"value": 0.9},
        "cases": 12,
        "difference": {"ndcg@10": {"value": 0.1, "low": 0.0, "high": 0.2}},
        "champion": {"name": "v0", "hr@10": {"value": 0.4}},
        "latency": {"p99_ms": 3.5},
        "slices": {"store uk": {"cases": 3}},
    }
    assert dict(figures(metrics)) == {
        "ndcg@10": 0.2, "ndcg@10/low": 0.1, "ndcg@10/high": 0.3, "coverage": 0.9, "cases": 12.0,
        "difference/ndcg@10": 0.1, "difference/ndcg@10/low": 0.0, "difference/ndcg@10/high": 0.2,
        "champion/hr@10": 0.4, "latency/p99_ms": 3.5,
    }  # fmt: skip
