"""The encoder of the extra `sentences`, as it is installed: what it tells apart, and a model trained with it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.integration.conftest import missing
from tests.integration.test_session_torchrun import NOW, small_shop

from shopkeeper.commerce.tables import PRODUCTS
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.recommendations.loaded import load_model
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.wiring.settings import Settings, TrainingSettings
from shopkeeper.wiring.train import Asked, reproduce_version, train_system

pytestmark = pytest.mark.integration

MUGS = ["Red ceramic mug for coffee", "Blue stoneware cup, 300 ml"]
KEYBOARDS = ["Wireless keyboard with number pad", "Mechanical keys for your desktop computer"]
SERVING = """
import sys
from pathlib import Path
from shopkeeper.recommendations.loaded import load_model
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.testing.model_suite import asked_about
model = load_model(open_bundle(Path(sys.argv[1]))).model
assert model.score(asked_about([1, 2, 3], [1.0] * 3)).scores.any()
assert "sentences" in model.groups
assert not {"wordllama", "tokenizers"} & {*sys.modules}
"""


@pytest.fixture(autouse=True)
def _installed() -> None:
    if find_spec("wordllama") is None:
        missing("wordllama is not installed: pip install -c constraints.txt -e '.[sentences]'.")


def test_texts_that_say_the_like_lie_near_and_each_has_its_vector_whatever_stands_beside_it() -> None:
    from shopkeeper.engines.sentence_encoder import WordLlamaEncoder  # noqa: PLC0415 - an extra

    encoder = WordLlamaEncoder()
    found = encoder.encode([*MUGS, *KEYBOARDS, ""])
    assert found.shape == (5, 256)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 1, 1, 0], atol=1e-6)
    alike = found @ found.T
    assert min(alike[0, 1], alike[2, 3]) > alike[:2, 2:4].max()
    many = [*MUGS, "word " * 300, *(f"thing {n}" for n in range(200)), ""]
    np.testing.assert_array_equal(encoder.encode(many)[:2], found[:2])
    assert encoder.encode(["", ""]).tolist() == np.zeros((2, 256)).tolist()


def test_a_model_trained_with_sentences_serves_without_their_library(tmp_path: Path) -> None:
    training = TrainingSettings(minimum_interactions=100, bootstrap=100, sentences=True)  # type: ignore[call-arg]  # defaults
    chosen = Settings(workspace=tmp_path, training=training)
    small_shop(chosen)
    log = SegmentLog(chosen.folder(chosen.engines.log), "records")
    shelf = [{"product": f"p{n}", "store": "uk", "title": [*MUGS, *KEYBOARDS][n % 4]} for n in range(20)]
    log.append(PRODUCTS, [msgspec.json.encode({"source_ts": NOW, "deleted": False, **row}) for row in shelf])
    log.close()
    told = {"choose": "false", "trees": "5", "factors": "false"}
    asked = Asked("hybrid", folds=0, ignore_quality="a test", parameters=told)
    result = train_system(chosen, "recommendations", asked, say=lambda _: None)
    with contextlib.closing(open_state(chosen.state_url)) as state:
        (version,) = [one for one in state.registry.versions("recommendations") if one.version == result.version]
    folder = chosen.folder(chosen.engines.models) / version.folder
    vectors = load_model(open_bundle(folder)).model.arrays()["sentences.vectors"]
    assert vectors.shape == (20, 256)
    assert np.unique(np.asarray(vectors), axis=0).shape == (4, 256)
    done = subprocess.run([sys.executable, "-c", SERVING, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    reproduced = reproduce_version(chosen, "recommendations", version.version, say=lambda _: None)
    assert reproduced.equal
    assert reproduced.same_model
