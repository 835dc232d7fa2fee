"""A late answer costs only who is in haste: the round trip and the connection go on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from shopkeeper.engines.valkey_pipe import ValkeyPipe
from shopkeeper.errors import TooLate, Unavailable


class Server:
    """Answers every command with OK, those called SLOW only when it may."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.over = asyncio.Event()
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while head := await reader.readline():
            words = [await self._word(reader) for _ in range(int(head[1:]))]
            if words[0] == b"SLOW":
                await self.may.wait()
            writer.write(b"+OK\r\n")
        writer.close()
        self.over.set()

    @staticmethod
    async def _word(reader: asyncio.StreamReader) -> bytes:
        length = int((await reader.readline())[1:])
        return (await reader.readexactly(length + 2))[:-2]


def test_who_is_in_haste_goes_on_and_all_others_get_their_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopkeeper.engines.valkey_pipe.LONGEST_SECONDS", 60.0)

    async def scenario() -> None:
        server, path = Server(), tmp_path / "valkey.sock"
        async with await asyncio.start_unix_server(server.serve, path):
            pipe = ValkeyPipe(f"unix://{path}", wait_seconds=0.01)
            hasty, patient = pipe.call("SLOW", hasty=True), pipe.call("SLOW")
            with pytest.raises(TooLate):
                await hasty
            with pytest.raises(TooLate):
                await pipe.call("READ", hasty=True)  # waits behind the one that is late
            behind = pipe.call("WRITE")
            server.may.set()
            assert [await patient, await behind] == [b"OK", b"OK"]
            assert server.connections == 1
            await pipe.close()
            await server.over.wait()

    asyncio.run(scenario())


def test_a_server_that_answers_nobody_for_long_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shopkeeper.engines.valkey_pipe.LONGEST_SECONDS", 0.02)

    async def scenario() -> None:
        server, path = Server(), tmp_path / "valkey.sock"
        async with await asyncio.start_unix_server(server.serve, path):
            pipe = ValkeyPipe(f"unix://{path}", wait_seconds=0.01)
            with pytest.raises(Unavailable, match="no answer in 20 ms") as raised:
                await pipe.call("SLOW")
            assert not isinstance(raised.value, TooLate)
            server.may.set()
            await server.over.wait()
            await pipe.close()

    asyncio.run(scenario())
