"""The trained numbers of one session encoder, and the ONNX model they make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.session.onnx_writer import OnnxGraph

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class BlockWeights:
    """One block of the encoder; matrices are applied from the right, `x @ matrix + bias`.

    Attributes:
        before_attention, before_forward: Scale and shift of the layer norms; shape (2, width).
        attention: To queries, keys and values, side by side; shape (width, 3 * width).
        distance: What is added to attention by how many entries lie between; shape (heads, length).
        joined: From the heads back; shape (width, width).
        wide, narrow: The feed-forward part; shapes (width, inner), (inner, width).
    """

    before_attention: Floats
    attention: Floats
    attention_bias: Floats
    distance: Floats
    joined: Floats
    joined_bias: Floats
    before_forward: Floats
    wide: Floats
    wide_bias: Floats
    narrow: Floats
    narrow_bias: Floats


@dataclass(frozen=True)
class EncoderWeights:
    """All of an encoder but the vectors of the items.

    Attributes:
        kinds, gaps, bands: Vector of each kind of event, bucket of pauses and price band; shapes (values, width).
        scale: Item vectors are multiplied by it on the way in.
        last: Scale and shift of the last layer norm; shape (2, width).
        temperature: Above 0 the state has length 1 / temperature, so that with items of length 1 scores are cosines.
    """

    kinds: Floats
    gaps: Floats
    bands: Floats
    scale: float
    blocks: tuple[BlockWeights, ...]
    last: Floats
    temperature: float


def encoder_onnx(encoders: tuple[EncoderWeights, ...]) -> bytes:
    """Return the ONNX model of one encoder, or of several side by side whose states come out end to end.

    Inputs are `vectors` (n, t, encoders * width), `kinds`, `gaps` and `bands` (n, t), `last` (n,), the place of the
    newest entry; the output is `state` (n, encoders * width). The product of an item's vectors, end to end, with it is
    the item's mean score over the encoders.
    """
    width = encoders[0].kinds.shape[1]
    graph = OnnxGraph("session encoder")
    vectors = graph.input("vectors", np.float32, ["n", "t", len(encoders) * width])
    told = tuple(graph.input(name, np.int64, ["n", "t"]) for name in ("kinds", "gaps", "bands"))
    last = graph.input("last", np.int64, ["n"])
    states = []
    for place, weights in enumerate(encoders):
        own = _slice(graph, vectors, place * width, (place + 1) * width, axis=2)
        states.append(_state(graph, weights, own, told, last))
    together = graph.node("Concat", *states, axis=1)
    graph.node("Mul", together, graph.constant(1.0 / len(encoders)), output="state")
    graph.output("state", np.float32, ["n", len(encoders) * width])
    return graph.to_bytes()


def _state(graph: OnnxGraph, weights: EncoderWeights, vectors: str, told: tuple[str, ...], last: str) -> str:
    """Add one encoder; return its state after the newest entry of each history, shape (n, width)."""
    found = graph.node("Mul", vectors, graph.constant(weights.scale))
    for table, codes in zip((weights.kinds, weights.gaps, weights.bands), told, strict=True):
        found = graph.node("Add", found, graph.node("Gather", graph.constant(table), codes, axis=0))
    for block in weights.blocks[:-1]:
        found = _block(graph, block, found)
    state = _normed(graph, weights.last, _last_block(graph, weights.blocks[-1], found, last))
    if weights.temperature <= 0:
        return state
    length = graph.node("ReduceL2", state, axes=[1], keepdims=1)
    return graph.node("Div", state, graph.node("Mul", length, graph.constant(weights.temperature)))


def _block(graph: OnnxGraph, block: BlockWeights, entries: str) -> str:
    """Add one block: attention to what came before, then the feed-forward part, each after a layer norm."""
    width = len(block.joined)
    mixed = _linear(graph, _normed(graph, block.before_attention, entries), block.attention, block.attention_bias)
    queries, keys, values = (_slice(graph, mixed, part * width, (part + 1) * width, axis=2) for part in range(3))
    bias = graph.constant(causal_bias(block.distance))
    for axis in (1, 2):
        bias = _until(graph, bias, _entries_there(graph, entries), axis)
    seen = _seen(graph, block, _by_heads(graph, block, queries), keys, values, bias)
    joined = graph.node(
        "Reshape", graph.node("Transpose", seen, perm=[0, 2, 1, 3]), graph.constant([0, 0, width], np.int64)
    )
    return _forward(graph, block, entries, joined)


def _last_block(graph: OnnxGraph, block: BlockWeights, entries: str, last: str) -> str:
    """Add the last block for the newest entry of each history alone, as nothing reads the others; shape (n, width)."""
    width, heads = len(block.joined), len(block.distance)
    normed = _normed(graph, block.before_attention, entries)
    mixed = _linear(graph, normed, block.attention[:, width:], block.attention_bias[width:])
    keys, values = (_slice(graph, mixed, part * width, (part + 1) * width, axis=2) for part in range(2))
    # The newest entry of each row: (n, t, width) by (row, last).
    newest = graph.node("Unsqueeze", last, graph.constant([1], np.int64))
    own = graph.node("GatherND", normed, newest, batch_dims=1)
    queries = _linear(graph, own, block.attention[:, :width], block.attention_bias[:width])
    queries = graph.node("Reshape", queries, graph.constant([0, heads, 1, width // heads], np.int64))
    # (length, heads, 1, length), one row for each place the newest entry may have
    biases = graph.constant(causal_bias(block.distance).transpose(1, 0, 2)[:, :, None])
    bias = _until(graph, graph.node("Gather", biases, last, axis=0), _entries_there(graph, entries), 3)
    seen = _seen(graph, block, queries, keys, values, bias)
    joined = graph.node("Reshape", seen, graph.constant([0, width], np.int64))
    return _forward(graph, block, graph.node("GatherND", entries, newest, batch_dims=1), joined)


def _seen(graph: OnnxGraph, block: BlockWeights, queries: str, keys: str, values: str, bias: str) -> str:
    """Return what each query sees, shape (n, heads, queries, size); keys and values come as (n, t, width)."""
    size = len(block.joined) // len(block.distance)
    keys = graph.node("Transpose", _split(graph, block, keys), perm=[0, 2, 3, 1])
    products = graph.node("Mul", graph.node("MatMul", queries, keys), graph.constant(size**-0.5))
    attention = graph.node("Softmax", graph.node("Add", products, bias), axis=-1)
    return graph.node("MatMul", attention, _by_heads(graph, block, values))


def _forward(graph: OnnxGraph, block: BlockWeights, entries: str, joined: str) -> str:
    """Add what the heads saw to the entries, then the feed-forward part."""
    after = graph.node("Add", entries, _linear(graph, joined, block.joined, block.joined_bias))
    wide = graph.node("Relu", _linear(graph, _normed(graph, block.before_forward, after), block.wide, block.wide_bias))
    return graph.node("Add", after, _linear(graph, wide, block.narrow, block.narrow_bias))


def _split(graph: OnnxGraph, block: BlockWeights, entries: str) -> str:
    """(n, t, width) -> (n, t, heads, size)."""
    heads, width = len(block.distance), len(block.joined)
    return graph.node("Reshape", entries, graph.constant([0, 0, heads, width // heads], np.int64))


def _by_heads(graph: OnnxGraph, block: BlockWeights, entries: str) -> str:
    """(n, t, width) -> (n, heads, t, size)."""
    return graph.node("Transpose", _split(graph, block, entries), perm=[0, 2, 1, 3])


def _entries_there(graph: OnnxGraph, entries: str) -> str:
    return graph.node("Gather", graph.node("Shape", entries), graph.constant([1], np.int64))


def _until(graph: OnnxGraph, value: str, end: str, axis: int) -> str:
    return graph.node("Slice", value, graph.constant([0], np.int64), end, graph.constant([axis], np.int64))


def causal_bias(distance: Floats) -> Floats:
    """Return what is added to the attention of entry i to entry j: by distance, nothing is seen before it happens.

    Returns:
        Shape (heads, length, length).
    """
    places = np.arange(distance.shape[1])
    between = places[:, None] - places[None, :]
    bias = distance[:, np.maximum(between, 0)]
    return np.where(between >= 0, bias, np.float32(-1e9)).astype(np.float32)


def _linear(graph: OnnxGraph, entries: str, matrix: Floats, bias: Floats) -> str:
    return graph.node("Add", graph.node("MatMul", entries, graph.constant(matrix)), graph.constant(bias))


def _normed(graph: OnnxGraph, norm: Floats, entries: str) -> str:
    return graph.node(
        "LayerNormalization", entries, graph.constant(norm[0]), graph.constant(norm[1]), axis=-1, epsilon=1e-5
    )


def _slice(graph: OnnxGraph, value: str, start: int, end: int, axis: int) -> str:
    low, high, along = (graph.constant([one], np.int64) for one in (start, end, axis))
    return graph.node("Slice", value, low, high, along)
