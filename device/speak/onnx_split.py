"""Cutting an ONNX model in two at one tensor, byte by byte. Pure.

A voice's first half (text to frames) has to see the whole clause; its second half (frames to
sound) is convolutions that see a few frames around each. Cut apart, sound can begin when the
first frames are done. The weights are not decoded and no library is needed: an ONNX file is a
protobuf, in which parts can be left out by leaving out their bytes.

The field numbers are those of onnx.proto3 (Open Neural Network Exchange, ONNX 1.0 and later).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

_MODEL_GRAPH = 7
_NODE, _GRAPH_NAME, _INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 1, 2, 5, 11, 12, 13
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME = 1, 2, 3
_TENSOR_NAME = 8
_VALUE_NAME = 1
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


_Bytes = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Halves:
    """Two models: `front` ends in the tensor `cut`, which `back` takes as its only input."""

    front: bytes
    back: bytes
    cut: str


@dataclass(frozen=True, slots=True)
class _Node:
    raw: memoryview
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Graph:
    nodes: list[_Node]
    weights: dict[str, memoryview]
    inputs: dict[str, memoryview]
    outputs: dict[str, memoryview]
    between: dict[str, memoryview]
    """What is known of the type of the tensors between nodes."""


def split_before(model: bytes, node_name: str) -> Halves | None:
    """Cut a model before the node of that name: at the tensor that is the node's first input.

    Returns:
        None where it cannot be cut there: no such node, or the second half needs more of the
        first than that tensor (as voices of several speakers do).

    Raises:
        ValueError: the bytes are no protobuf.
    """
    data = memoryview(model)
    head: list[_Bytes] = []
    graph: _Graph | None = None
    cut = ""
    for number, raw, value in _fields(data):
        if number == _MODEL_GRAPH:
            graph, cut = _read_graph(value, node_name)
        else:
            head.append(raw)
    if graph is None or not cut or cut not in graph.between:
        return None
    back_nodes, back_reads = _needed(graph, graph.outputs, {cut})
    if any(name in graph.inputs for name in back_reads):
        return None
    front_nodes, front_reads = _needed(graph, [cut], set())
    middle = graph.between[cut]
    front = _write_graph(graph, front_nodes, front_reads, list(graph.inputs.values()), [middle])
    back = _write_graph(graph, back_nodes, back_reads, [middle], list(graph.outputs.values()))
    # The nodes in between must not be made twice: that would be slower than one model.
    if any(node in back_nodes for node in front_nodes if graph.nodes[node].inputs):
        return None
    return Halves(
        front=b"".join([*head, *_field(_MODEL_GRAPH, front)]),
        back=b"".join([*head, *_field(_MODEL_GRAPH, back)]),
        cut=cut,
    )


def _read_graph(data: memoryview, node_name: str) -> tuple[_Graph, str]:
    graph = _Graph([], {}, {}, {}, {})
    named = {
        _INITIALIZER: (graph.weights, _TENSOR_NAME),
        _INPUT: (graph.inputs, _VALUE_NAME),
        _OUTPUT: (graph.outputs, _VALUE_NAME),
        _VALUE_INFO: (graph.between, _VALUE_NAME),
    }
    cut = ""
    for number, raw, value in _fields(data):
        if number == _NODE:
            strings: dict[int, list[str]] = {_NODE_INPUT: [], _NODE_OUTPUT: [], _NODE_NAME: []}
            for part, _, text in _fields(value):
                if part in strings:
                    strings[part].append(bytes(text).decode())
            graph.nodes.append(
                _Node(raw, tuple(strings[_NODE_INPUT]), tuple(strings[_NODE_OUTPUT]))
            )
            if node_name in strings[_NODE_NAME]:
                cut = strings[_NODE_INPUT][0]
        elif number in named:
            into, name_field = named[number]
            names = [bytes(text).decode() for part, _, text in _fields(value) if part == name_field]
            # An entry is written again as another kind of field, so only its value is kept.
            into[names[0] if names else ""] = value
    return graph, cut


def _needed(graph: _Graph, wanted: Collection[str], given: set[str]) -> tuple[set[int], set[str]]:
    """Return which nodes make `wanted` when `given` is there, and every tensor that they read."""
    maker = {name: at for at, node in enumerate(graph.nodes) for name in node.outputs}
    nodes: set[int] = set()
    reads: set[str] = set()
    todo = list(wanted)
    while todo:
        name = todo.pop()
        reads.add(name)
        at = maker.get(name)
        if name in given or at is None or at in nodes:
            continue
        nodes.add(at)
        todo += graph.nodes[at].inputs
    return nodes, reads


def _write_graph(
    graph: _Graph,
    nodes: set[int],
    reads: set[str],
    inputs: list[memoryview],
    outputs: list[memoryview],
) -> list[_Bytes]:
    """Return the bytes in pieces: there are many megabytes, and they are joined only once."""
    parts: list[_Bytes] = [node.raw for at, node in enumerate(graph.nodes) if at in nodes]
    parts += _field(_GRAPH_NAME, [b"half"])
    for number, values in (
        (_INITIALIZER, [raw for name, raw in graph.weights.items() if name in reads]),
        (_INPUT, inputs),
        (_OUTPUT, outputs),
    ):
        for value in values:
            parts += _field(number, [value])
    return parts


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Yield each field of a protobuf message: its number, all of its bytes, and its value's."""
    at = 0
    while at < len(data):
        start = at
        key, at = _varint(data, at)
        kind = key & 7
        begin = at
        if kind == _VARINT:
            _, at = _varint(data, at)
        elif kind == _LENGTH:
            length, begin = _varint(data, at)
            at = begin + length
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("not a protobuf")
        if at > len(data):
            raise ValueError("the protobuf is cut short")
        yield key >> 3, data[start:at], data[begin:at]


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("not a protobuf")


def _field(number: int, value: list[_Bytes]) -> list[_Bytes]:
    head = bytearray()
    for each in (number << 3 | _LENGTH, sum(len(piece) for piece in value)):
        rest = each
        while rest > 127:
            head.append(rest & 127 | 128)
            rest >>= 7
        head.append(rest)
    return [bytes(head), *value]
