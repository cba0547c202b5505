"""Pure parts of speaking: silence around clips, stretches of a stream, cutting a model in two."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.speak.clauses import ClauseSplitter
from device.speak.onnx_split import split_before
from device.speak.pauses import with_pause, without_lead
from device.speak.piper import stretches

RATE_HZ = 22_050


def clip(lead_s: float, sound_s: float, tail_s: float) -> np.ndarray:
    rng = np.random.default_rng(3)
    quiet = [rng.normal(0, 20, int(s * RATE_HZ)) for s in (lead_s, tail_s)]
    sound = rng.normal(0, 4000, int(sound_s * RATE_HZ))
    return np.concatenate([quiet[0], sound, quiet[1]]).astype(np.int16)


@settings(deadline=None)
@given(st.floats(0, 0.3), st.floats(0.02, 1), st.floats(0, 0.6))
def test_the_first_silence_goes_and_no_sound_with_it(
    lead_s: float, sound_s: float, tail_s: float
) -> None:
    samples = clip(lead_s, sound_s, tail_s)
    cut = without_lead(samples, RATE_HZ)
    gone = len(samples) - len(cut)
    assert np.array_equal(samples[gone:], cut)
    assert max(0.0, lead_s - 0.022) <= gone / RATE_HZ + 1e-3
    assert gone / RATE_HZ <= lead_s


@settings(deadline=None)
@given(st.floats(0.02, 1), st.floats(0, 0.6))
def test_a_pause_fits_the_end_of_the_text(sound_s: float, tail_s: float) -> None:
    samples = clip(0, sound_s, tail_s)
    ends = (("The cat", 0.02, 0.07), ("Yes,", 0.10, 0.18), ('"Yes."', 0.20, 0.30))
    for text, least_s, most_s in ends:
        cut = with_pause(samples, RATE_HZ, text)
        pause_s = len(cut) / RATE_HZ - sound_s
        assert least_s - 0.011 <= pause_s <= most_s + 0.011
        both = min(len(cut), len(samples))
        assert np.array_equal(cut[:both], samples[:both])


def test_silence_stays_as_it_is() -> None:
    silence = np.zeros(5000, np.int16)
    assert len(without_lead(silence, RATE_HZ)) == len(with_pause(silence, RATE_HZ, "x.")) == 5000
    empty = np.zeros(0, np.int16)
    assert len(without_lead(empty, RATE_HZ)) == len(with_pause(empty, RATE_HZ, "x.")) == 0


@settings(deadline=None)
@given(st.integers(0, 2000), st.integers(0, 400))
def test_stretches_cover_every_frame_once_and_grow(frames: int, first: int) -> None:
    found = list(stretches(frames, first))
    assert [start for start, _ in found] == [0, *(end for _, end in found)][: len(found)]
    assert (found[-1][1] if found else 0) == frames
    lengths = [end - start for start, end in found]
    if first and len(lengths) > 1:
        assert lengths[0] == first
        assert all(later >= first // 2 for later in lengths)
    if not first:
        assert len(found) <= 1


# a model cut in two: written here field by field, as the format says


def field(number: int, value: bytes) -> bytes:
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def node(name: str, inputs: list[str], output: str) -> bytes:
    parts = [field(1, each.encode()) for each in inputs]
    return field(1, b"".join([*parts, field(2, output.encode()), field(3, name.encode())]))


def model(*, back_needs_input: bool = False) -> bytes:
    graph = [
        node("first", ["in", "w1"], "middle"),
        node("second", ["middle", "w2", *(["in"] if back_needs_input else [])], "out"),
        field(5, field(8, b"w1")),
        field(5, field(8, b"w2")),
        field(11, field(1, b"in")),
        field(12, field(1, b"out")),
        field(13, field(1, b"middle")),
    ]
    return b"\x08\x09" + graph_field(b"".join(graph)) + field(8, b"opset")


def graph_field(graph: bytes) -> bytes:
    return bytes([7 << 3 | 2, len(graph) & 127 | 128, len(graph) >> 7]) + graph


def test_each_half_has_what_it_needs_and_no_more() -> None:
    halves = split_before(model(), "second")
    assert halves is not None
    assert halves.cut == "middle"
    assert node("first", ["in", "w1"], "middle") in halves.front
    assert node("second", ["middle", "w2"], "out") in halves.back
    assert field(12, field(1, b"middle")) in halves.front
    assert field(11, field(1, b"middle")) in halves.back
    assert b"w2" not in halves.front and b"w1" not in halves.back
    assert all(half.startswith(b"\x08\x09") for half in (halves.front, halves.back))
    assert all(field(8, b"opset") in half for half in (halves.front, halves.back))


def test_a_model_that_cannot_be_cut_is_left_whole() -> None:
    assert split_before(model(), "third") is None
    assert split_before(model(back_needs_input=True), "second") is None
    assert split_before(b"", "second") is None


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_model_are_refused_or_left(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert split_before(data, "second") is None


@pytest.mark.parametrize("cut", [3, 10, 40])
def test_a_model_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="protobuf"):
        split_before(model()[:-cut], "second")


# clauses


@pytest.mark.parametrize(
    ("pieces", "at_once"),
    [
        (["The capital of France", " is Paris."], ["The capital of France", "is Paris."]),
        (["I can set timers,"], ["I can set timers,"]),
        (["Timer set for ten minutes."], ["Timer set for ten minutes."]),
        (["Yes, but", " no."], []),
        (["It is at four.", " And then it", " ends."], ["It is at four."]),
        (
            ["I think that", " it is so. And", " so it is."],
            ["I think that", "it is so.", "And so it is."],
        ),
        (["Ask Dr.", " Smith."], []),
        (["The", " capital", " of", " France"], []),
        (["The", " capital", " of", " France,", " we"], ["The capital of France,"]),
        (["No, never,", " as far as I know,", " did"], ["No, never, as far as I know,"]),
    ],
)
def test_the_first_clause_comes_early_and_is_never_a_word(
    pieces: list[str], at_once: list[str]
) -> None:
    splitter = ClauseSplitter()
    found = [clause for piece in pieces for clause in splitter.push(piece)]
    assert found == at_once
    assert " ".join([*found, *splitter.flush()]).split() == "".join(pieces).split()
