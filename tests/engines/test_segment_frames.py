"""Frames come back as they went in, and every broken byte is noticed."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopkeeper.engines.segment_frames import BrokenFrame, acknowledged_after, encode_frame, read_frames

PAYLOADS = st.lists(st.binary(max_size=60), min_size=1, max_size=5)


@given(PAYLOADS)
def test_frames_come_back_in_order(payloads: list[bytes]) -> None:
    content = b"".join(encode_frame("events", payload, 0) for payload in payloads)
    frames = list(read_frames(io.BytesIO(content), len(content)))
    assert [frame.payload for frame in frames] == payloads
    assert (frames[0].start, frames[-1].end) == (0, len(content))


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_changed_byte_is_noticed(payload: bytes, data: st.DataObject) -> None:
    content = bytearray(encode_frame("events", payload, 7))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BrokenFrame):
        list(read_frames(io.BytesIO(bytes(content)), len(content)))


@given(st.binary(max_size=60), st.data())
def test_any_cut_is_noticed_at_the_start_of_the_frame(payload: bytes, data: st.DataObject) -> None:
    first, second = encode_frame("events", b"whole", 0), encode_frame("events", payload, 0)
    size = len(first) + data.draw(st.integers(1, len(second) - 1))
    with pytest.raises(BrokenFrame) as broken:
        list(read_frames(io.BytesIO((first + second)[:size]), size))
    assert broken.value.offset == len(first)


def test_a_later_frame_proves_that_broken_bytes_had_been_durable() -> None:
    first = encode_frame("events", b"first", 0)
    content = b"X" * len(first) + encode_frame("events", b"second", len(first))
    assert acknowledged_after(io.BytesIO(content), 0, len(content)) == len(first)


def test_a_later_frame_of_the_same_write_proves_nothing() -> None:
    first = encode_frame("events", b"first", 0)
    content = b"X" * len(first) + encode_frame("events", b"second", 0)
    assert acknowledged_after(io.BytesIO(content), 0, len(content)) is None


def test_a_frame_inside_the_text_of_a_torn_batch_is_found_wherever_it_lies() -> None:
    gap = (1 << 20) - 2  # the magic lies across the border of two blocks of the search
    content = b"\0" * (gap + 1) + encode_frame("events", b"later", 9)
    assert acknowledged_after(io.BytesIO(content), 0, len(content)) == gap + 1
