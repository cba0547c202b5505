"""Writes GGUF files with tiny models of random weights: an attention model and a recurrent one.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. The names of keys and
tensors are those that llama.cpp reads for the architectures "llama" and "mamba".
"""

import struct
from pathlib import Path

import numpy as np

_U32, _I32, _F32, _STRING, _ARRAY = 4, 5, 6, 8, 9
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
_ALIGNMENT = 32
WIDTH = 32
TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + ':' + m['content'] + '<|im_end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant:{% endif %}"
)


def write_llama(path: Path, template: str = TEMPLATE) -> None:
    """An attention model of two layers, with a chat template."""
    layers, wide = 2, 64
    tensors = {}
    for n in range(layers):
        tensors |= {
            f"blk.{n}.attn_norm.weight": (WIDTH,),
            f"blk.{n}.attn_q.weight": (WIDTH, WIDTH),
            f"blk.{n}.attn_k.weight": (WIDTH, WIDTH),
            f"blk.{n}.attn_v.weight": (WIDTH, WIDTH),
            f"blk.{n}.attn_output.weight": (WIDTH, WIDTH),
            f"blk.{n}.ffn_norm.weight": (WIDTH,),
            f"blk.{n}.ffn_gate.weight": (wide, WIDTH),
            f"blk.{n}.ffn_up.weight": (wide, WIDTH),
            f"blk.{n}.ffn_down.weight": (WIDTH, wide),
        }
    settings = {"block_count": layers, "feed_forward_length": wide, "attention.head_count": 2}
    _write(path, "llama", settings, tensors, template)


def write_mamba(path: Path) -> None:
    """A recurrent model of two layers: its state can't be taken back a token."""
    layers, inner, state, rank, taps = 2, 64, 16, 2, 4
    tensors = {}
    for n in range(layers):
        tensors |= {
            f"blk.{n}.attn_norm.weight": (WIDTH,),
            f"blk.{n}.ssm_in.weight": (2 * inner, WIDTH),
            f"blk.{n}.ssm_conv1d.weight": (inner, taps),
            f"blk.{n}.ssm_conv1d.bias": (inner,),
            f"blk.{n}.ssm_x.weight": (rank + 2 * state, inner),
            f"blk.{n}.ssm_dt.weight": (inner, rank),
            f"blk.{n}.ssm_dt.bias": (inner,),
            f"blk.{n}.ssm_a": (inner, state),
            f"blk.{n}.ssm_d": (inner,),
            f"blk.{n}.ssm_out.weight": (WIDTH, inner),
        }
    settings = {
        "block_count": layers, "feed_forward_length": 0, "attention.head_count": 0,
        "ssm.conv_kernel": taps, "ssm.inner_size": inner, "ssm.state_size": state,
        "ssm.time_step_rank": rank,
    }  # fmt: skip
    _write(path, "mamba", settings, tensors)


def _write(
    path: Path,
    kind: str,
    settings: dict[str, int],
    shapes: dict[str, tuple[int, ...]],
    template: str = TEMPLATE,
):
    words = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
    types = [_UNKNOWN, *[_CONTROL] * 4]
    words += [f"<0x{byte:02X}>" for byte in range(256)]
    types += [_BYTE] * 256
    words += ["\u2581", *"abcdefghijklmnopqrstuvwxyz"]
    types += [_NORMAL] * 27
    keys: list[tuple[str, int, object]] = [
        ("general.architecture", _STRING, kind),
        (f"{kind}.context_length", _U32, 512),
        (f"{kind}.embedding_length", _U32, WIDTH),
        (f"{kind}.attention.layer_norm_rms_epsilon", _F32, 1e-5),
        *((f"{kind}.{name}", _U32, value) for name, value in settings.items()),
        ("tokenizer.ggml.model", _STRING, "llama"),
        ("tokenizer.ggml.tokens", _ARRAY, (_STRING, words)),
        ("tokenizer.ggml.scores", _ARRAY, (_F32, [-float(n) for n in range(len(words))])),
        ("tokenizer.ggml.token_type", _ARRAY, (_I32, types)),
        ("tokenizer.ggml.bos_token_id", _U32, 1),
        ("tokenizer.ggml.eos_token_id", _U32, 4),
        ("tokenizer.chat_template", _STRING, template),
    ]
    shapes = {
        "token_embd.weight": (len(words), WIDTH),
        "output_norm.weight": (WIDTH,),
        "output.weight": (len(words), WIDTH),
        **shapes,
    }
    random = np.random.default_rng(7)
    infos, data = b"", b""
    for name, shape in shapes.items():
        infos += _string(name) + struct.pack("<I", len(shape))
        infos += struct.pack(f"<{len(shape)}Q", *reversed(shape))  # the fastest dimension first
        infos += struct.pack("<IQ", 0, len(data))  # 0: 32-bit floats
        values = _weights(name, shape, random).astype("<f4").tobytes()
        data += values + b"\0" * (-len(values) % _ALIGNMENT)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(keys))
    head += b"".join(_string(key) + _value(kind, value) for key, kind, value in keys) + infos
    path.write_bytes(head + b"\0" * (-len(head) % _ALIGNMENT) + data)


def _weights(name: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    if "norm" in name or name.endswith("ssm_d"):
        return np.ones(shape)
    if name.endswith("ssm_a"):
        return -np.tile(np.arange(1.0, shape[1] + 1), (shape[0], 1))  # Mamba's own start
    values = random.normal(0, 1.5 * shape[-1] ** -0.5, shape)
    if name == "output.weight":
        values[:5] = 0  # no control token is ever likeliest, so that replies do not end early
    return values


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(kind: int, value: object) -> bytes:
    return struct.pack("<I", kind) + _bare(kind, value)


def _bare(kind: int, value) -> bytes:
    if kind == _STRING:
        return _string(value)
    if kind == _ARRAY:
        each, values = value
        return struct.pack("<IQ", each, len(values)) + b"".join(_bare(each, v) for v in values)
    return struct.pack({_U32: "<I", _I32: "<i", _F32: "<f"}[kind], value)
