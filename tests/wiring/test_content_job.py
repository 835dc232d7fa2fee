"""The job that writes a catalogue's texts, and what people and time do to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as with_actor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.content import verifier
from shopkeeper.content.kept import KeptPiece, Wanted
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import ChangedMeanwhile, InputError, JobCancelled, NotAllowed
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.people.person import machine, shell_user
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.wiring import content_job
from shopkeeper.wiring.content_job import CONTENT, TEXTS, content_work
from shopkeeper.wiring.content_orders import estimate, order_texts, pause, resume
from shopkeeper.wiring.content_review import Asked, approve_all, publish_all, review_piece
from shopkeeper.wiring.content_watch import look_over
from shopkeeper.wiring.jobs import opened_jobs
from shopkeeper.wiring.settings import Settings, load_settings
from shopkeeper.wiring.settings_content import ContentSettings
from shopkeeper.wiring.work import works_of

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
ANNA = shell_user("anna")
SHORT = ContentOrder(fields=("email_subject", "description_short"))
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "kettle": {"capacity": "1.7 L", "power": "2200 W", "colour": "red"},
    "lamp": {"weight": "2 kg", "colour": "black", "material": "steel"},
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "shopkeeper.toml").write_text("[engines]\nshard_workers = 1\n")
    return load_settings(tmp_path)


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    opened = open_state(settings.state_url)
    opened.tables.upsert(STORES, [SourcedRow(Store(store="uk", locales=("en", "de")), NOON)])
    for name in ATTRIBUTES:
        sell(opened, name)
    yield opened
    opened.close()


def sell(state: State, name: str, at: datetime = NOON, **changed: str) -> None:
    attributes = {**ATTRIBUTES[name], **changed}
    row = Product(product=name, title=name.title(), categories=(f"Home > {name.title()}s",), attributes=attributes)
    state.tables.upsert(PRODUCTS, [SourcedRow(row, at)])


def write(settings: Settings, order: ContentOrder = SHORT, folder: str = "run") -> dict[str, Any]:
    steps = StepsInMemory(settings.workspace / folder)
    return dict(content_work(settings)(steps, TEXTS, {"order": msgspec.to_builtins(order), "who": "anna"}))


def one(state: State, product: str = "kettle", field: str = "description_short", locale: str = "en") -> KeptPiece:
    (found,) = state.pieces.find(Wanted(product=product, field=field, locale=locale))
    return found


def do(settings: Settings, state: State, piece: KeptPiece, asked: Asked) -> KeptPiece:
    return review_piece(settings, state, piece.id, asked, ANNA, NOON)


def accept_each(settings: Settings, state: State) -> None:
    """Let a person take every text that waits, one by one."""
    for piece in state.pieces.find(Wanted(states=("checked",))):
        review_piece(settings, state, piece.id, Asked("accept"), ANNA, datetime.now(UTC))


def test_every_product_gets_every_text_in_every_locale_once(settings: Settings, state: State) -> None:
    done = write(settings)
    assert (done["products_done"], done["texts_written"]) == (2, 2 * 2 * 2)
    assert done["states"] == {"checked": 8}
    version = state.pieces.version(one(state).id, 1)
    assert "1.7" in version.text
    assert {span.fact for span in version.spans} >= {"title", "capacity"}
    assert (version.who, version.exit, version.passed) == ("anna", "realiser", True)


def test_what_is_up_to_date_is_not_written_again(settings: Settings, state: State) -> None:
    write(settings)
    assert estimate(settings, SHORT).texts == 0
    assert write(settings, folder="again")["texts_written"] == 8  # counted by run, and the run is the same
    assert [len(state.pieces.versions(piece.id)) for piece in state.pieces.find(Wanted())] == [1] * 8


def test_facts_that_come_or_change_make_texts_stale_and_take_down_what_is_not_true(
    settings: Settings, state: State
) -> None:
    write(settings)
    approve_all(settings, state, Wanted(), "fine", ANNA, NOON)
    sell(state, "kettle", NOON + timedelta(hours=1), material="steel")
    found = look_over(settings, NOON)
    assert (found.texts, found.stale, found.taken_down) == (8, 4, [])
    assert (one(state).state, one(state).live) == ("stale", 1)
    sell(state, "kettle", NOON + timedelta(hours=2), capacity="1.5 L")
    assert one(state).id in look_over(settings, NOON).taken_down
    assert (one(state).state, one(state).live) == ("stale", 0)
    assert look_over(settings, NOON).stale == 0
    assert estimate(settings, SHORT).texts == 4
    write(settings, folder="again")
    assert "1.5" in state.pieces.version(one(state).id, 2).text
    assert one(state).state == "checked"


def test_a_text_that_comes_out_the_same_of_other_facts_stays_published(settings: Settings, state: State) -> None:
    write(settings)
    approve_all(settings, state, Wanted(), "fine", ANNA, NOON)
    sell(state, "kettle", NOON + timedelta(hours=1), sku="K-99881-X")  # no shopper is told
    look_over(settings, NOON)
    write(settings, folder="again")
    assert (one(state).state, one(state).version, one(state).live) == ("published", 1, 1)
    assert estimate(settings, SHORT).texts == 0


def test_texts_of_a_product_that_is_gone_are_retired(settings: Settings, state: State) -> None:
    write(settings)
    approve_all(settings, state, Wanted(), "fine", ANNA, NOON)
    gone = SourcedRow(Product(product="lamp", title="Lamp", status="withdrawn"), NOON + timedelta(hours=1))
    state.tables.upsert(PRODUCTS, [gone])
    found = look_over(settings, NOON)
    assert (found.retired, len(found.taken_down)) == (4, 4)
    assert state.pieces.counts() == {"published": 4, "retired": 4}
    sell(state, "lamp", NOON + timedelta(hours=2))
    write(settings, folder="again")
    assert one(state, "lamp").state == "checked"


def test_a_rejected_text_is_written_anew_as_another_one(settings: Settings, state: State) -> None:
    write(settings)
    first = state.pieces.version(one(state).id, 1).text
    do(settings, state, one(state), Asked("reject", "dull"))
    write(settings, folder="again")
    assert one(state).state == "checked"
    assert state.pieces.version(one(state).id, 2).text != first


def test_a_typed_text_is_never_written_over_and_goes_stale_once_it_is_not_true(
    settings: Settings, state: State
) -> None:
    write(settings)
    typed = do(settings, state, one(state), Asked("edit", text="Kettle in red with 1.7 L.", seconds=30.0))
    assert (typed.state, typed.live, typed.locked) == ("published", 2, True)
    sell(state, "kettle", NOON + timedelta(hours=1), material="steel")
    write(settings, folder="again")
    assert (one(state).version, one(state).state) == (2, "published")
    sell(state, "kettle", NOON + timedelta(hours=2), capacity="1.5 L")
    write(settings, folder="third")
    assert (one(state).version, one(state).state, one(state).live) == (2, "stale", 0)
    assert write(settings, folder="fourth")["products_done"] == 2
    assert one(state).revision == 4  # write, edit, verified, stale: and then left alone


def test_a_typed_text_that_says_what_the_record_does_not_is_refused(settings: Settings, state: State) -> None:
    write(settings)
    with pytest.raises(InputError, match="grounding"):
        do(settings, state, one(state), Asked("edit", text="Kettle with 3 L."))
    assert one(state).version == 1


def test_after_an_undone_edit_the_next_text_has_a_number_of_its_own(settings: Settings, state: State) -> None:
    write(settings)
    do(settings, state, one(state), Asked("edit", text="Kettle in red."))
    do(settings, state, one(state), Asked("undo"))
    assert (one(state).version, one(state).locked) == (1, False)
    do(settings, state, one(state), Asked("reject", "dull"))
    write(settings, folder="again")
    assert one(state).version == 3


def test_who_saw_an_older_text_is_refused(settings: Settings, state: State) -> None:
    write(settings)
    seen = one(state)
    do(settings, state, seen, Asked("accept", revision=seen.revision))
    with pytest.raises(ChangedMeanwhile):
        do(settings, state, seen, Asked("reject", "no", revision=seen.revision))


def test_a_machine_approves_nothing(settings: Settings, state: State) -> None:
    write(settings)
    key = with_actor(machine("k1", "*"))
    with pytest.raises(NotAllowed):
        review_piece(settings, state, one(state).id, Asked("accept"), key, NOON)
    with pytest.raises(NotAllowed):
        approve_all(settings, state, Wanted(), "", key, NOON)


def test_many_are_approved_at_once_and_published_later_where_the_house_wants_it(
    settings: Settings, state: State
) -> None:
    write(settings)
    said = settings.content.model_copy(update={"publish_approved": False})
    by_hand = settings.model_copy(update={"content": said})
    assert approve_all(by_hand, state, Wanted(locale="de"), "fine", ANNA, NOON) == 4
    assert state.pieces.counts() == {"approved": 4, "checked": 4}
    assert state.pieces.trust(NOON - timedelta(days=1)) == {}  # nobody looked at each
    assert publish_all(state, Wanted(), ANNA, NOON) == 4
    assert state.pieces.counts() == {"checked": 4, "published": 4}


def test_texts_of_a_writer_that_people_trust_need_no_person(settings: Settings, state: State) -> None:
    write(settings, ContentOrder(fields=("title",)))
    said = settings.content.model_copy(update={"auto_approve": True, "least_trust": 0.5, "audit_share": 0.02})
    trusting = settings.model_copy(update={"content": said})
    accept_each(settings, state)
    for number in range(8):  # of two texts nobody is trusted: 2 of 2 is at least 42%
        name = f"pan{number}"
        ATTRIBUTES[name] = {"colour": "red"}
        sell(state, name)
        del ATTRIBUTES[name]
    write(trusting, ContentOrder(fields=("title",)), "second")
    assert state.pieces.counts()["checked"] == 2 * 8
    accept_each(settings, state)
    sell(state, "kettle", NOON + timedelta(hours=1), colour="blue")
    ATTRIBUTES["mug"] = {"colour": "red"}
    sell(state, "mug")
    del ATTRIBUTES["mug"]
    write(trusting, ContentOrder(fields=("title",)), "third")
    mug = one(state, "mug", "title")
    assert (mug.state, state.pieces.steps(mug.id)[0].who) == ("published", "rule: trust")


def test_a_paused_job_waits_until_it_goes_on_and_can_be_cancelled_meanwhile(settings: Settings, state: State) -> None:
    class Cancelled(StepsInMemory):
        def progress(self, share: float, text: str) -> None:
            super().progress(share, text)
            if text.startswith("paused by anna"):
                raise JobCancelled("Cancelled.", "")

    run = order_texts(settings, SHORT, "anna")
    pause(settings, run, "anna")
    steps = Cancelled(settings.workspace / "run")
    steps.run = run
    order = {"order": msgspec.to_builtins(SHORT), "who": "anna"}
    with pytest.raises(JobCancelled):
        content_work(settings)(steps, TEXTS, order)
    assert state.pieces.counts() == {}
    resume(settings, run, "anna")
    content_work(settings)(steps, TEXTS, order)
    assert state.pieces.counts() == {"checked": 8}
    assert [entry["action"] for entry in state.audit.latest(2)] == ["content.resume", "content.pause"]
    with pytest.raises(InputError, match="not paused"):
        resume(settings, run, "anna")


def test_an_order_is_checked_before_it_is_accepted(settings: Settings, state: State) -> None:
    with pytest.raises(InputError, match="nowhere"):
        order_texts(settings, ContentOrder(store="nowhere"), "anna")
    run = order_texts(settings, SHORT, "anna")
    with opened_jobs(settings) as opened:
        assert opened.jobs.status(run).kind == CONTENT
        opened.jobs.cancel(run, "anna")
    assert CONTENT in works_of(settings)
    with pytest.raises(InputError, match="cancelled"):
        pause(settings, run, "anna")
    assert state.pieces.counts() == {}


def with_wordings(settings: Settings, **voices: str) -> Settings:
    said = settings.content.model_dump() | {"wordings": {name: {"voice": voice} for name, voice in voices.items()}}
    return settings.model_copy(update={"content": ContentSettings.model_validate(said)})


def test_another_wording_is_written_beside_the_houses_own_and_retired_with_its_settings(
    settings: Settings, state: State
) -> None:
    both = with_wordings(settings, warm="warm")
    write(both)
    order = msgspec.structs.replace(SHORT, wording="warm")
    assert estimate(both, order).texts == 8
    assert write(both, order, "warm")["texts_written"] == 16  # counted by run, and the run is the same
    own, warm = (state.pieces.find(Wanted(wording=name)) for name in ("", "warm"))
    assert (len(own), len(warm)) == (8, 8)
    assert {one.key._replace(wording="") for one in warm} == {one.key for one in own}
    texts = [{state.pieces.version(one.id, 1).text for one in found} for found in (own, warm)]
    assert len(texts[0] & texts[1]) < 4
    assert (estimate(both, SHORT).texts, estimate(both, order).texts) == (0, 0)
    assert look_over(both, NOON).retired == 0
    approve_all(both, state, Wanted(), "fine", ANNA, NOON)
    assert look_over(settings, NOON).retired == 8  # no wording is left
    assert {(one.state, one.live) for one in state.pieces.find(Wanted(wording="warm"))} == {("retired", 0)}
    with pytest.raises(InputError, match="no wording 'warm'"):
        order_texts(settings, order, "anna")


def test_a_category_is_introduced_of_what_all_its_products_have_and_outdated_by_them(
    settings: Settings, state: State
) -> None:
    for name, capacity in (("big", "2 L"), ("small", "1 L")):
        row = Product(
            product=name, title=name.title(), categories=("Home > Kettles",), attributes={"capacity": capacity}
        )
        state.tables.upsert(PRODUCTS, [SourcedRow(row, NOON + timedelta(minutes=1))])
    order = ContentOrder(fields=("category_intro",), locales=("en",))
    assert estimate(settings, order).texts == 1
    write(settings, order)
    (intro,) = state.pieces.find(Wanted(field="category_intro"))
    assert (intro.store, intro.product, intro.state) == ("uk", "Home > Kettles", "checked")
    text = state.pieces.version(intro.id, 1).text
    assert "1" in text
    assert "2" in text
    approve_all(settings, state, Wanted(), "read", ANNA, NOON)
    with pytest.raises(InputError, match="grounding"):
        do(settings, state, state.pieces.get(intro.id), Asked("edit", text="Our kettles hold 5 L."))
    assert look_over(settings, NOON).texts == 1
    larger = Product(product="big", title="Big", categories=("Home > Kettles",), attributes={"capacity": "3 L"})
    state.tables.upsert(PRODUCTS, [SourcedRow(larger, NOON + timedelta(hours=1))])
    assert look_over(settings, NOON).taken_down == [intro.id]
    write(settings, order, "again")
    assert "3" in state.pieces.version(intro.id, 2).text
    gone = Product(product="big", title="Big", status="withdrawn")
    state.tables.upsert(PRODUCTS, [SourcedRow(gone, NOON + timedelta(hours=2))])
    kettle = Product(product="kettle", title="Kettle", status="withdrawn")
    state.tables.upsert(PRODUCTS, [SourcedRow(kettle, NOON + timedelta(hours=2))])
    assert look_over(settings, NOON).retired == 1  # one product is no category to introduce


def near(state: State) -> dict[str, str]:
    """Product -> the one whose text its own is nearly."""
    found = [(one, state.pieces.version(one.id, one.version)) for one in state.pieces.find(Wanted(limit=1_000))]
    return {one.product: version.nearest[0] for one, version in found if version.warned and version.nearest}


def test_texts_are_compared_with_those_of_other_batches_and_of_earlier_jobs(
    settings: Settings, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_job, "BATCH", 1)
    monkeypatch.setattr(verifier, "FEWEST_WORDS", 2)  # texts of few words of their own are alike sooner
    order = ContentOrder(fields=("description_short",), locales=("en",), category="Pots")
    rows = [
        SourcedRow(
            Product(product=f"pot{n}", title="Aria", categories=("Pots",), attributes=ATTRIBUTES["kettle"]), NOON
        )
        for n in range(40)
    ]
    state.tables.upsert(PRODUCTS, rows[:20])
    write(settings, order)
    first = near(state)
    assert first
    assert all(product > other for product, other in first.items())  # they are written in the order of their ids
    state.tables.upsert(PRODUCTS, rows[20:])
    write(settings, order, "later")
    later = {product: other for product, other in near(state).items() if product not in first}
    assert {int(product[3:]) >= 20 for product in later} == {True}
    assert any(int(other[3:]) < 20 for other in later.values())
