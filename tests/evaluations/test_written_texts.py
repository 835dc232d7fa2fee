"""The catalogue is written without a fault, and near-duplicates are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from evaluations.written_texts import _near, main


def test_a_folder_of_three_shops_is_written_and_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    icecat = {
        "id": "1",
        "title": "Corvid X1",
        "brand": "Corvid",
        "categories": ["Laptops"],
        "attrs": {"Weight": "1 kg"},
    }
    magento = {
        "sku": "M1",
        "name": "Chaz Hoodie",
        "categories": "Default Category/Men/Jackets",
        "additional_attributes": "material=Wool|Hemp",
    }
    terms = "tags weight dimensions warrantyInformation shippingInformation returnPolicy minimumOrderQuantity sku"
    dummy = dict.fromkeys(terms.split())
    rows = {
        "icecat_sample": icecat,
        "magento_apparel": magento,
        "dummyjson_products": {**dummy, "id": 7, "title": "Kiwi", "brand": None, "category": "groceries", "weight": 5},
    }
    for name, row in rows.items():
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    assert main(["--catalogue", str(tmp_path), "--show", "1"]) == 0
    document = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (document["products"], document["pieces"], document["faults"]) == (3, 3 * 4 * 10, 0)


def test_texts_that_differ_in_a_word_are_near_duplicates() -> None:
    long = "These shoes are made of wool and hemp and come in black, with a warranty of three years and more."
    assert _near([long, long.replace("black", "white"), "Something else altogether stands here."]) == (2, 1, 3)


def test_a_folder_without_the_files_is_bad_input(tmp_path: Path) -> None:
    assert main(["--catalogue", str(tmp_path)]) == 2
