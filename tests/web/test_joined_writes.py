"""What reaches the kernel of an answer, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from shopkeeper.web.joined_writes import JoinedWrites


class Wire(asyncio.Transport):
    """A connection that remembers each write of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def written(answer: Callable[[JoinedWrites], None]) -> tuple[list[bytes], list[bytes]]:
    """Return the writes at the end of the turn in which an answer is given, and after the turn."""

    async def one_turn() -> tuple[list[bytes], list[bytes]]:
        wire = Wire()
        answer(JoinedWrites(wire, asyncio.get_running_loop()))
        at_once = list(wire.writes)
        await asyncio.sleep(0)
        return at_once, wire.writes

    return asyncio.run(one_turn())


def test_head_and_body_are_one_write() -> None:
    def answer(wire: JoinedWrites) -> None:
        wire.write(b"head ")
        wire.write(b"body")

    assert written(answer) == ([b"head body"], [b"head body"])


def test_more_of_a_body_goes_out_as_it_comes() -> None:
    def answer(wire: JoinedWrites) -> None:
        for part in (b"head ", b"one ", b"two"):
            wire.write(part)

    assert written(answer)[0] == [b"head one ", b"two"]


def test_a_head_whose_body_comes_later_does_not_wait_for_it() -> None:
    assert written(lambda wire: wire.write(b"head")) == ([], [b"head"])


def test_an_answer_without_a_body_is_written_before_the_connection_closes() -> None:
    def answer(wire: JoinedWrites) -> None:
        wire.write(b"head")
        wire.close()

    assert written(answer) == ([b"head"], [b"head"])
