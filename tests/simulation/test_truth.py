from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.errors import InputError
from shopkeeper.simulation.market import make_market
from shopkeeper.simulation.retailer import FAST
from shopkeeper.simulation.truth import TRUTH_FILE, Truth, read_truth, write_truth

from .conftest import UNTIL


def test_a_written_truth_is_read_again_and_makes_the_same_market(tmp_path: Path) -> None:
    write_truth(tmp_path, Truth(seed=4, scale="fast", until=UNTIL, sold_out={"home-uk": ["HOME-1001"]}))
    truth = read_truth(tmp_path)
    assert truth.sold_out == {"home-uk": ["HOME-1001"]}
    assert truth.simulated is True
    assert truth.market().stores[1].taste.tobytes() == make_market(4, FAST).stores[1].taste.tobytes()


def test_a_folder_without_a_simulated_market_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="shopkeeper demo"):
        read_truth(tmp_path)


def test_a_damaged_truth_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / TRUTH_FILE).write_text('{"seed": "x"}')
    with pytest.raises(InputError, match="cannot be read"):
        read_truth(tmp_path)
