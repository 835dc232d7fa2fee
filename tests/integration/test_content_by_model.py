"""The job that has texts written by a model behind HTTP: whatever the model does, texts are there and true.

The model is a process of its own (fake_model.py).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.content.fields import Field
from shopkeeper.content.kept import KeptPiece, Version, Wanted
from shopkeeper.content.lexicon import lexicon
from shopkeeper.content.phrases import PhraseBrief
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.engines.month_budget import MonthBudget
from shopkeeper.engines.state import State, open_state
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.people.person import shell_user
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.wiring.content_job import BATCH_BY_MODEL, TEXTS, content_work
from shopkeeper.wiring.content_phrases import decide_phrases, write_phrases
from shopkeeper.wiring.content_review import approve_all
from shopkeeper.wiring.content_shards import close_writer
from shopkeeper.wiring.settings import Settings, load_settings

pytestmark = pytest.mark.integration

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
PATIENCE_SECONDS = 240.0
FIELDS: tuple[Field, ...] = ("email_subject", "description_short")
ORDER = ContentOrder(fields=FIELDS)
INPUT_PRICE, OUTPUT_PRICE = 100.0, 1_000.0  # US dollars a million tokens
A_CALL = (90 * INPUT_PRICE + 30 * OUTPUT_PRICE) / 1e6


@dataclass(frozen=True)
class Model:
    """The fake model: where it is, and what it was asked."""

    url: str
    log: Path
    free: Path

    def asked(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture
def model(tmp_path: Path) -> Iterator[Model]:
    log, free = tmp_path / "asked.jsonl", tmp_path / "free"
    command = [sys.executable, str(Path(__file__).with_name("fake_model.py")), str(log), str(free)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Model(process.stdout.readline().strip(), log, free)
        process.kill()


def shop(folder: Path, url: str, titles: list[str], **said: float | str) -> Settings:
    """A workspace whose texts that model writes, with a kettle of each title."""
    lines = {
        "writer_url": f'"{url}"', "writer_model": '"fake"', "writer_calls_per_minute": 100_000,
        "writer_input_price": INPUT_PRICE, "writer_output_price": OUTPUT_PRICE, "writer_month_budget": 1_000,
    } | said  # fmt: skip
    content = "\n".join(f"{name} = {value}" for name, value in lines.items())
    folder.mkdir(exist_ok=True)
    (folder / "shopkeeper.toml").write_text(f"[engines]\nshard_workers = 1\n\n[content]\n{content}\n")
    settings = load_settings(folder)
    state = open_state(settings.state_url)
    state.tables.upsert(STORES, [SourcedRow(Store(store="uk", locales=("en",)), NOON)])
    rows = [
        Product(
            product=f"k{number}", title=title, categories=("Home > Kettles",),
            attributes={"capacity": f"1.{number} L", "power": f"{1_000 + number} W"},
        )
        for number, title in enumerate(titles, 1)
    ]  # fmt: skip
    state.tables.upsert(PRODUCTS, [SourcedRow(row, NOON) for row in rows])
    state.close()
    return settings


def write(settings: Settings, order: ContentOrder = ORDER, run: str = "run") -> dict[str, Any]:
    steps = StepsInMemory(settings.workspace / run)
    steps.run = run
    try:
        return dict(content_work(settings)(steps, TEXTS, {"order": msgspec.to_builtins(order), "who": "anna"}))
    finally:
        close_writer(str(settings.workspace.resolve()))


def texts(state: State) -> list[tuple[KeptPiece, Version]]:
    return [(piece, state.pieces.version(piece.id, piece.version)) for piece in state.pieces.find(Wanted())]


def published_after_approval(settings: Settings) -> list[Version]:
    """Let a person approve all there is; return what is published then."""
    state = open_state(settings.state_url)
    approve_all(settings, state, Wanted(), "read", shell_user("anna"), NOON)
    found = [version for piece, version in texts(state) if piece.live == version.version]
    state.close()
    return found


@pytest.mark.parametrize(
    ("kind", "said", "rules"),
    [
        ("Busy", {}, {"writer.unavailable"}),
        ("Broken", {"writer_tries": 1}, {"writer.unavailable"}),
        ("Slow", {"writer_seconds": 0.3}, {"writer.unavailable"}),
        ("Junk", {}, {"writer.unreadable"}),
        ("Wicked", {}, set()),
    ],
)
def test_a_model_that_fails_or_lies_keeps_no_text_from_going_out_and_none_of_its_goes_out(
    tmp_path: Path, model: Model, kind: str, said: dict[str, float], rules: set[str]
) -> None:
    titles = [f"{kind} Kettle K{number}" for number in range(1, 6)]
    settings = shop(tmp_path / "shop", model.url, titles, **said)
    done = write(settings)
    assert (done["products_done"], done["states"]) == (5, {"checked": 5 * len(FIELDS)})
    assert model.asked(), "the model was never asked"
    published = published_after_approval(settings)
    assert len(published) == 5 * len(FIELDS)
    assert {version.exit for version in published} == {"realiser"}
    assert not [version.text for version in published if version.by_model or "evil" in version.text.lower()]
    for version in published:
        assert version.reasons
        assert not rules or {reason.rule for reason in version.reasons} == rules
    model.free.touch()


def test_a_model_that_is_not_there_keeps_no_text_from_going_out(tmp_path: Path) -> None:
    settings = shop(tmp_path / "shop", "http://127.0.0.1:9/v1", ["Kettle K1", "Kettle K2"], writer_tries=1)
    assert write(settings)["states"] == {"checked": 2 * len(FIELDS)}
    assert {version.exit for version in published_after_approval(settings)} == {"realiser"}


def test_one_bad_product_takes_nothing_from_the_others_and_a_busy_moment_is_waited_for(
    tmp_path: Path, model: Model
) -> None:
    settings = shop(
        tmp_path / "shop", model.url, ["Kettle K1", "Junk Kettle K2", "Brief Kettle K3", "Wicked Kettle K4"]
    )
    write(settings)
    exits = Counter((version.by_model, version.exit) for version in published_after_approval(settings))
    assert exits == {(True, "first"): 2 * len(FIELDS), (False, "realiser"): 2 * len(FIELDS)}


def test_a_job_stops_at_its_budget_and_goes_on_with_a_larger_one_without_asking_again(
    tmp_path: Path, model: Model
) -> None:
    sold = 3 * BATCH_BY_MODEL
    settings = shop(tmp_path / "shop", model.url, [f"Kettle K{number}" for number in range(1, sold + 1)])
    a_batch = BATCH_BY_MODEL * len(FIELDS) * A_CALL
    done = write(settings, msgspec.structs.replace(ORDER, budget=1.5 * a_batch))
    assert (done["products_done"], done["texts_written"]) == (2 * BATCH_BY_MODEL, 2 * BATCH_BY_MODEL * len(FIELDS))
    assert done["dollars"] == pytest.approx(2 * a_batch)
    assert done["stopped"] == f"${2 * a_batch:.2f} of ${1.5 * a_batch:.2f} are spent"
    assert write(settings, ORDER, "second")["texts_written"] == BATCH_BY_MODEL * len(FIELDS)
    assert Counter(one["asked"] for one in model.asked()).most_common(1)[0][1] == 1
    assert len(model.asked()) == sold * len(FIELDS)


def test_when_the_months_money_is_spent_the_realiser_writes_the_rest(tmp_path: Path, model: Model) -> None:
    titles = [f"Kettle K{number}" for number in range(1, 7)]
    settings = shop(tmp_path / "shop", model.url, titles, writer_month_budget=1.4, writer_output_tokens=1_000)
    done = write(settings)
    assert done["states"] == {"checked": 6 * len(FIELDS)}
    by_model = [version for version in published_after_approval(settings) if version.by_model]
    assert 0 < len(by_model) == len(model.asked()) < 6 * len(FIELDS)  # a call may cost over $1 of 1,000 tokens
    spent = MonthBudget(settings.folder(settings.content.writer), 1.4, lambda: datetime.now(UTC)).spent()
    assert spent == pytest.approx(len(by_model) * A_CALL)


def test_a_killed_job_goes_on_and_no_answer_is_paid_twice(tmp_path: Path, model: Model) -> None:
    titles = [f"Kettle K{number}" for number in range(1, 7)] + ["Held Kettle K7", "Kettle K8"]
    settings = shop(tmp_path / "shop", model.url, titles)
    command = [sys.executable, "-m", "shopkeeper", "content", "generate", "--json"]
    command += ["--workspace", str(settings.workspace), *(f"--field={name}" for name in FIELDS)]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + PATIENCE_SECONDS
    while not any("Held" in one["title"] for one in model.asked()):
        assert time.monotonic() < until
        assert first.poll() is None, "the process ended by itself"
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    before = [one["asked"] for one in model.asked()]
    held = [one["asked"] for one in model.asked() if "Held" in one["title"]]
    assert len(before) > BATCH_BY_MODEL * len(FIELDS)  # one batch is kept, and answers of the next are
    model.free.touch()
    again = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True)
    done = json.loads(again.stdout.splitlines()[-1])
    assert (done["products_done"], done["texts_written"]) == (len(titles), len(titles) * len(FIELDS))
    asked = Counter(one["asked"] for one in model.asked())
    assert {digest for digest, times in asked.items() if times > 1} == set(held)  # whose answer never came
    assert len(asked) == len(titles) * len(FIELDS)
    published = published_after_approval(settings)
    assert {version.exit for version in published} == {"first"}
    spent = MonthBudget(settings.folder(settings.content.writer), 1_000, lambda: datetime.now(UTC)).spent()
    assert spent > len(asked) * A_CALL  # what the killed call had set aside stays spent


def test_phrases_are_asked_for_once_and_those_that_say_nothing_are_used_once_a_person_took_them(
    tmp_path: Path, model: Model
) -> None:
    settings = shop(tmp_path / "shop", model.url, ["Kettle K1"], words='"words"')
    brief = PhraseBrief("en", "openers", "any", 4)
    found = write_phrases(settings, brief, NOON)
    assert [one.text for one in found.waiting] == ["A look at {name}, {a}[ in {colour}]."]
    assert len(found.refused) == 3
    assert found.dollars == pytest.approx(A_CALL)
    again = write_phrases(settings, brief, NOON)
    assert (again.waiting, again.dollars) == ((), 0.0)
    state = open_state(settings.state_url)
    decide_phrases(settings, state, [found.waiting[0].id], "approved", "fine", shell_user("anna"), NOON)
    state.close()
    folder = settings.folder(Path("words"))
    assert found.waiting[0].text in {one.text for one in lexicon("en", folder).voiced("openers", "neutral")}
