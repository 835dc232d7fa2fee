"""A connection on which plain requests are answered without parser and application."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, cast

from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from shopkeeper.serving.live_events import TakenEvents
from shopkeeper.web.answer import Answer
from shopkeeper.web.http_protocol import BoundedHeadProtocol
from shopkeeper.web.plain_requests import EVENTS, LISTS, PlainRequests
from shopkeeper.web.wire_form import wire_form


class PlainConnection(BoundedHeadProtocol):
    """One connection of a server whose app holds `plain`, a `PlainRequests`, in its state.

    What comes behind a plain request waits until that is answered, so answers keep the order of their requests and the
    parser never sees half of what was taken past it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's signature
        super().__init__(*args, **kwargs)
        self._plain: PlainRequests = cast("Starlette", self.config.app).state.plain
        self._begun = self._ended = 0
        self._taken = b""
        """The plain request whose events are being taken, or whose list is being made."""
        self._behind = b""
        self._last = False
        self._answered_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Take a plain request past the parser, and let it read everything else."""
        if self._taken:
            self._behind += data
            self.flow.pause_reading()
        elif self._begun != self._ended or not data.startswith((EVENTS, LISTS)):
            super().data_received(data)
        elif not self._take(data):
            before = self._begun
            super().data_received(data)
            if self._begun == self._ended == before + 1:
                self._plain.learn(data, self.scope)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._begun += 1
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """End a request."""
        self._ended += 1
        super().on_message_complete()

    def shutdown(self) -> None:
        """Close the connection, after the answer to what was asked."""
        if self._taken:
            self._last = True
        else:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if nothing came for so long; one timer serves many plain requests."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if self._taken or left > 0:
            self._await_more(left if left > 0 else self.timeout_keep_alive)
        else:
            super().timeout_keep_alive_handler()

    def answer(self, taken: TakenEvents | None) -> None:
        """Answer the plain request; where the judge of rows has to look at it, the application does."""
        if taken is not None:
            self._taken = b""
            self._answer(self._plain.taken(taken, self.server_state.default_headers))
            return
        request, self._taken = self._taken, b""
        if not self.transport.is_closing():
            super().data_received(request)
            if self._last:
                super().shutdown()
            self._go_on()

    def fail(self, error: Exception) -> None:
        """Answer that the events of the plain request were not taken."""
        if self._taken:
            self._taken = b""
            self._answer(self._plain.failed(error, self.server_state.default_headers))

    def _take(self, data: bytes) -> bool:
        """Take a request if it is a plain one that can be answered next."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if self.flow.write_paused or (cycle is not None and not cycle.response_complete):
            return False
        stamp = self.server_state.default_headers
        try:
            answer = self._plain.listed(data, stamp) if data.startswith(LISTS) else None
            read = self._plain.events(data) if data.startswith(EVENTS) else None
        except Exception as error:  # noqa: BLE001 - the outermost loop of a request: clients never see a stack trace
            answer, read = self._plain.failed(error, stamp), None
        if isinstance(answer, bytes):
            self._answer(answer)
        elif answer is not None:
            self._taken = data
            task = self.loop.create_task(self._answer_with(answer))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif read is not None:
            self._taken = data
            self._plain.join(*read, self)
        return answer is not None or read is not None

    async def _answer_with(self, made: Coroutine[Any, Any, Answer]) -> None:
        answer = await made
        self._taken = b""
        self._answer(wire_form(answer, self.server_state.default_headers))

    def _answer(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(answer)
        if self._last:
            self.transport.close()
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._await_more(self.timeout_keep_alive)
        self._go_on()

    def _await_more(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _go_on(self) -> None:
        """Read what came behind the plain request."""
        if self._behind and not self.transport.is_closing():
            data, self._behind = self._behind, b""
            self.flow.resume_reading()
            self.data_received(data)
