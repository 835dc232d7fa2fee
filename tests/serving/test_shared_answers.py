"""An answer another process made is given as long as it would be here, and to the same request alone."""

from __future__ import annotations

from shopkeeper.serving.shared_answers import SharedAnswers

from .test_decide import Shop, Wish


class Process:
    """A decider with its answers, on clocks that only the test moves."""

    def __init__(self, mark: str = "m1") -> None:
        self.shop = Shop()
        self.mark = mark
        self.epoch = 1_000.0
        self.answers: SharedAnswers[Wish, str] = SharedAnswers(
            self.shop.decider, str, lambda: self.mark, lambda: self.epoch, 100
        )

    def packed(self, wish: Wish) -> bytes:
        packed = self.answers.pack(self.shop.one(wish))
        assert packed is not None
        return packed[0]


def test_an_answer_taken_over_is_given_without_asking_the_model() -> None:
    one, other = Process(), Process()
    other.answers.take_over(Wish(), one.packed(Wish()))
    decision = other.shop.one()
    assert (decision.answer, decision.model, decision.cached, other.shop.parrot.calls) == ("lamp", "v1", True, 0)
    assert other.answers.taken == 1


def test_its_life_goes_on_where_it_was() -> None:
    one, other = Process(), Process()
    packed = one.packed(Wish())
    other.epoch += 99
    other.answers.take_over(Wish(), packed)
    assert other.shop.one().cached
    other.shop.seconds += 2
    assert not other.shop.one().cached
    late = Process()
    late.epoch += 100
    late.answers.take_over(Wish(), packed)
    assert not late.shop.one().cached


def test_a_name_is_the_same_in_every_process_that_sees_the_same_and_tells_requests_apart() -> None:
    name = Process().answers.name(Wish())
    assert name == Process().answers.name(Wish())
    others = [Process().answers.name(Wish("desk")), Process("another import").answers.name(Wish())]
    assert len({name, *others}) == 3


def test_what_is_not_cached_here_and_what_is_here_already_is_not_asked_for() -> None:
    process = Process()
    assert process.answers.name(Wish("secret")) == ""
    process.shop.one()
    assert process.answers.name(Wish()) == ""


def test_only_fresh_answers_of_the_model_are_shared() -> None:
    process = Process()
    process.shop.one()
    assert process.answers.pack(process.shop.one()) is None
    process.shop.parrot.version = None
    assert process.answers.pack(process.shop.one(Wish("desk"))) is None


def test_what_cannot_be_read_is_as_if_it_were_not_there() -> None:
    process = Process()
    process.answers.take_over(Wish(), b"\xc1 of another version")
    assert not process.shop.one().cached
