"""Bodies come compressed by gzip or zstd, and a small one never fills the memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest
from backports import zstd
from tests.web.conftest import Shop

from shopkeeper.web.packed_body import unpacked
from shopkeeper.web.problem import HttpProblem

BODY = json.dumps([{"event_id": f"e{n}", "ts": 1_770_000_000, "store": "uk", "type": "search"} for n in range(50)])
PACKED: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("encoding", PACKED)
def test_events_are_taken_from_a_compressed_body(shop: Shop, encoding: str) -> None:
    packed = PACKED[encoding](BODY.encode())
    answer = shop.call("POST", "/v1/events", content=packed, key={**shop.admin, "content-encoding": encoding})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 50)


@pytest.mark.parametrize("encoding", PACKED)
def test_what_grows_beyond_the_limit_is_not_unpacked_further(encoding: str) -> None:
    packed = PACKED[encoding](bytes(10_000_000))
    assert len(packed) < 20_000
    assert unpacked(packed, encoding.encode(), 9_999_999) is None
    assert unpacked(packed, encoding.encode(), 10_000_000) == bytes(10_000_000)


@pytest.mark.parametrize("encoding", PACKED)
def test_parts_written_one_after_the_other_are_one_body(encoding: str) -> None:
    pack = PACKED[encoding]
    assert unpacked(pack(b"[1,") + pack(b"2]"), encoding.encode(), 10) == b"[1,2]"
    assert unpacked(pack(b"[1,") + pack(b"2]"), encoding.encode(), 4) is None


@pytest.mark.parametrize("encoding", PACKED)
def test_a_body_that_ends_early_is_refused(encoding: str) -> None:
    packed = PACKED[encoding](BODY.encode())
    with pytest.raises(HttpProblem, match="ends early"):
        unpacked(packed[: len(packed) // 2], encoding.encode(), 100_000)


def test_a_frame_that_asks_for_too_large_a_window_is_refused() -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.content_size_flag: 0}
    compressor = zstd.ZstdCompressor(options=options)
    packed = compressor.compress(bytes(10)) + compressor.flush()
    with pytest.raises(HttpProblem, match="cannot be unpacked as zstd"):
        unpacked(packed, b"zstd", 1_000)
