"""Writes ONNX models: the few messages of the format that a plain network needs, the same bytes every time.

PyTorch's own exporter needs two more packages (`onnx`, `onnxscript`) to write the same thirty nodes.

Source:
    onnx.proto3 of the ONNX project, version 1.17: field numbers of ModelProto, GraphProto, NodeProto, AttributeProto,
    TensorProto and ValueInfoProto.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

IR_VERSION = 8
OPSET = 17

_VARINT, _BYTES, _FLOAT = 0, 2, 5
_ELEMENT_TYPES = {np.dtype(np.float32): 1, np.dtype(np.int64): 7}

Attribute = int | float | list[int]


class OnnxGraph:
    """A network that grows node by node; every node has one output, named by the caller or by its number.

    Nodes must come after what they read.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._count = 0

    def input(self, name: str, element: npt.DTypeLike, shape: Sequence[str | int]) -> str:
        """Declare an input; a text stands for a length that may differ from call to call."""
        self._inputs.append(_value_info(name, element, shape))
        return name

    def output(self, name: str, element: npt.DTypeLike, shape: Sequence[str | int]) -> None:
        """Declare that a value already made is an output."""
        self._outputs.append(_value_info(name, element, shape))

    def constant(self, values: npt.ArrayLike, element: npt.DTypeLike = np.float32) -> str:
        """Keep an array inside the model and return its name."""
        array = np.ascontiguousarray(values, dtype=element)
        name = self._fresh("constant")
        dims = b"".join(_number(1, size) for size in np.shape(values))
        self._constants.append(
            dims + _number(2, _ELEMENT_TYPES[array.dtype]) + _text(8, name) + _field(9, array.tobytes())
        )
        return name

    def node(self, operation: str, *inputs: str, output: str = "", **attributes: Attribute) -> str:
        """Add a node and return the name of its output."""
        made = output or self._fresh(operation)
        body = b"".join(_text(1, one) for one in inputs) + _text(2, made) + _text(4, operation)
        self._nodes.append(body + b"".join(_field(5, _attribute(*one)) for one in sorted(attributes.items())))
        return made

    def to_bytes(self) -> bytes:
        """Return the model as the content of an `.onnx` file."""
        graph = b"".join(_field(1, node) for node in self._nodes) + _text(2, self._name)
        graph += b"".join(_field(5, constant) for constant in self._constants)
        graph += b"".join(_field(11, one) for one in self._inputs) + b"".join(_field(12, one) for one in self._outputs)
        operators = _text(1, "") + _number(2, OPSET)
        return _number(1, IR_VERSION) + _text(2, "shopkeeper") + _field(7, graph) + _field(8, operators)

    def _fresh(self, word: str) -> str:
        self._count += 1
        return f"{word}_{self._count}"


def _value_info(name: str, element: npt.DTypeLike, shape: Sequence[str | int]) -> bytes:
    dims = b"".join(_field(1, _text(2, one) if isinstance(one, str) else _number(1, one)) for one in shape)
    tensor = _number(1, _ELEMENT_TYPES[np.dtype(element)]) + _field(2, dims)
    return _text(1, name) + _field(2, _field(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _key(2, _FLOAT) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, 7)


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _number(field: int, value: int) -> bytes:
    return _key(field, _VARINT) + _varint(value % 2**64)


def _text(field: int, value: str) -> bytes:
    return _field(field, value.encode())


def _field(field: int, content: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
