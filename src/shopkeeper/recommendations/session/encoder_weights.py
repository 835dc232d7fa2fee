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
    for block in weights.blocks:
        found = _block(graph, block, found)
    normed = _normed(graph, weights.last, found)
    # The newest entry of each row: (n, t, width) by (row, last).
    newest = graph.node("Unsqueeze", last, graph.constant([1], np.int64))
    state = graph.node("GatherND", normed, newest, batch_dims=1)
    if weights.temperature <= 0:
        return state
    length = graph.node("ReduceL2", state, axes=[1], keepdims=1)
    return graph.node("Div", state, graph.node("Mul", length, graph.constant(weights.temperature)))


def _block(graph: OnnxGraph, block: BlockWeights, entries: str) -> str:
    """Add one block: attention to what came before, then the feed-forward part, each after a layer norm."""
    heads = len(block.distance)
    width = len(block.joined)
    mixed = _linear(graph, _normed(graph, block.before_attention, entries), block.attention, block.attention_bias)
    split = graph.constant([0, 0, heads, width // heads], np.int64)
    queries, keys, values = (
        graph.node("Reshape", _slice(graph, mixed, part * width, (part + 1) * width, axis=2), split)
        for part in range(3)
    )
    # (n, t, heads, size) -> (n, heads, t, size), keys (n, heads, size, t)
    queries, values = (graph.node("Transpose", one, perm=[0, 2, 1, 3]) for one in (queries, values))
    keys = graph.node("Transpose", keys, perm=[0, 2, 3, 1])
    products = graph.node("Mul", graph.node("MatMul", queries, keys), graph.constant((width // heads) ** -0.5))
    entries_there = graph.node("Gather", graph.node("Shape", entries), graph.constant([1], np.int64))
    bias = graph.constant(causal_bias(block.distance))
    for axis in (1, 2):
        bias = graph.node("Slice", bias, graph.constant([0], np.int64), entries_there, graph.constant([axis], np.int64))
    attention = graph.node("Softmax", graph.node("Add", products, bias), axis=-1)
    seen = graph.node("Transpose", graph.node("MatMul", attention, values), perm=[0, 2, 1, 3])
    joined = graph.node("Reshape", seen, graph.constant([0, 0, width], np.int64))
    after = graph.node("Add", entries, _linear(graph, joined, block.joined, block.joined_bias))
    wide = graph.node("Relu", _linear(graph, _normed(graph, block.before_forward, after), block.wide, block.wide_bias))
    return graph.node("Add", after, _linear(graph, wide, block.narrow, block.narrow_bias))


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
