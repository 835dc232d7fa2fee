"""An answer that trickles, never ends or is packed is ended, whatever its server meant by it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from shopkeeper.engines.bounded_http import BoundedTransport


def client(chunks: Iterator[bytes], clock: Iterator[float], **headers: str) -> httpx2.Client:
    inner = httpx2.MockTransport(lambda _: httpx2.Response(200, content=chunks, headers=headers))
    bounded = BoundedTransport(inner, seconds=10.0, most_bytes=100, clock=lambda: next(clock))
    return httpx2.Client(transport=bounded)


def test_an_answer_within_its_limits_comes_whole() -> None:
    asked = client(iter([b"a" * 50, b"b" * 50]), iter([0.0, 5.0, 10.0]))
    assert asked.get("http://model.test/").content == b"a" * 50 + b"b" * 50


def test_an_answer_without_end_is_cut_off() -> None:
    with pytest.raises(httpx2.ReadError, match="larger than 100 bytes"):
        client(iter(lambda: b"x" * 30, b""), iter(lambda: 0.0, None)).get("http://model.test/")


def test_an_answer_that_trickles_is_cut_off() -> None:
    with pytest.raises(httpx2.ReadTimeout, match="longer than 10 s"):
        client(iter(lambda: b"x", b""), iter([0.0, 4.0, 8.0, 12.0])).get("http://model.test/")


def test_a_packed_answer_is_refused() -> None:
    with pytest.raises(httpx2.ReadError, match="packed"):
        client(iter([b"x"]), iter([0.0]), **{"content-encoding": "gzip"}).get("http://model.test/")
