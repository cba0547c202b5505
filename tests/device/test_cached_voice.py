"""A voice with a memory: said once, made once; and no one's words on the disk."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.audio import Samples, resample
from device.errors import EngineFailed
from device.speak import Part, Synthesizer
from device.speak.cached import CachedSynthesizer, clauses_of, resampled
from device.speak.fake import FakeSynthesizer
from device.speak.pace import VoicePace
from device.stock import stock_sentences

STOCK = ("I don't know.", "I can't do that. I can set timers, tell the time and answer questions.")
SECRET = "The pineapple is under the blue pot."


class CountingVoice(FakeSynthesizer):
    """Counts what it is asked to make."""

    def __init__(self, rate_hz: int = 16_000, s_per_letter: float = 0.06) -> None:
        super().__init__(rate_hz, s_per_letter)
        self.made: list[str] = []

    def synthesize(self, text: str) -> Samples:
        self.made.append(text)
        return super().synthesize(text)


def loaded(
    folder: Path | None, voice: Synthesizer | None = None, longest_s: float = 60.0
) -> tuple[CachedSynthesizer, CountingVoice]:
    inner = voice or CountingVoice()
    cached = CachedSynthesizer(inner, folder, STOCK, longest_s=longest_s)
    cached.load()
    assert isinstance(inner, CountingVoice)
    return cached, inner


def filled(folder: Path) -> None:
    cached, _ = loaded(folder)
    while cached.fill():
        pass


def test_a_text_is_made_once() -> None:
    cached, inner = loaded(None)
    first = cached.synthesize(SECRET)
    assert np.array_equal(first, cached.synthesize(SECRET))
    assert [each.samples.tolist() for each in cached.stream(SECRET)] == [first.tolist()]
    assert inner.made == [SECRET]


def test_a_stream_that_was_heard_to_its_end_is_kept_and_one_given_up_is_not() -> None:
    cached, inner = loaded(None)
    next(iter(cached.stream(SECRET)))
    assert len(list(cached.stream(SECRET))) == 2
    assert len(inner.made) == 2
    (whole,) = cached.stream(SECRET)
    assert whole == Part(SECRET, whole.samples, 1.0)
    assert len(inner.made) == 2
    assert np.array_equal(whole.samples, FakeSynthesizer().synthesize(SECRET))


def test_a_failure_is_raised_and_not_kept() -> None:
    cached, inner = loaded(None)
    inner.fail_next = True
    with pytest.raises(EngineFailed):
        cached.synthesize(SECRET)
    assert len(cached.synthesize(SECRET))


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), max_size=40), st.floats(0.0, 3.0))
def test_the_newest_clips_are_kept_within_their_seconds(
    numbers: list[int], longest_s: float
) -> None:
    cached, inner = loaded(None, longest_s=longest_s)
    for number in numbers:
        cached.synthesize("x" * number)
    kept: list[str] = []
    for number in dict.fromkeys(reversed(numbers)):
        if sum(map(len, kept)) * 0.06 + number * 0.06 > longest_s:
            break
        kept.append("x" * number)
    before = len(inner.made)
    for text in reversed(kept):
        cached.synthesize(text)
    assert len(inner.made) == before


def test_stock_clauses_are_filled_one_at_a_time_and_found_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    cached, inner = loaded(folder)
    assert not inner.made, "the first start waits for nothing"
    assert cached.fill(lambda: True)
    assert not inner.made
    turns = 1
    while cached.fill():
        turns += 1
        assert len(inner.made) == turns - 1 or len(inner.made) == turns
    assert not cached.fill()
    assert set(inner.made) == {clause for each in STOCK for clause in clauses_of(each)}
    again, later = loaded(folder)
    for text in inner.made:
        assert np.array_equal(again.synthesize(text), FakeSynthesizer().synthesize(text))
    assert not again.fill()
    assert later.made == []


def test_the_disk_holds_no_ones_words_and_does_not_tell_what_was_said(tmp_path: Path) -> None:
    untouched, used = tmp_path / "a", tmp_path / "b"
    filled(untouched)
    cached, _ = loaded(used)
    cached.synthesize(STOCK[0])
    cached.synthesize(SECRET)
    list(cached.stream(f"{SECRET} Again."))
    assert not used.exists(), "using it writes nothing"
    while cached.fill():
        cached.synthesize(SECRET)
    assert names(untouched) == names(used)
    for file in used.iterdir():
        assert file.read_bytes() == (untouched / file.name).read_bytes()
        assert b"pineapple" not in file.read_bytes() + file.name.encode()


@pytest.mark.parametrize("damage", [b"", b"x", b"LAPELCLIP1" + b"0" * 200])
def test_a_damaged_clip_counts_as_missing_and_is_made_again(tmp_path: Path, damage: bytes) -> None:
    folder = tmp_path / "cache"
    filled(folder)
    for file in folder.iterdir():
        file.write_bytes(damage or file.read_bytes()[:-2])
    cached, inner = loaded(folder)
    assert np.array_equal(cached.synthesize(STOCK[0]), FakeSynthesizer().synthesize(STOCK[0]))
    assert inner.made == [STOCK[0]]
    while cached.fill():
        pass
    again, later = loaded(folder)
    again.synthesize(STOCK[0])
    assert not again.fill()
    assert later.made == []


def test_clips_of_another_voice_or_rate_are_not_used(tmp_path: Path) -> None:
    filled(tmp_path)
    for voice in (CountingVoice(s_per_letter=0.05), CountingVoice(rate_hz=22_050)):
        cached, inner = loaded(tmp_path, voice)
        cached.synthesize(STOCK[0])
        assert inner.made == [STOCK[0]]


def test_a_disk_that_takes_nothing_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cached, _ = loaded(tmp_path / "file" / "cache")
    while cached.fill():
        pass
    assert len(cached.synthesize(STOCK[0]))


def test_forgetting_drops_what_was_said_and_keeps_the_stock() -> None:
    cached, inner = loaded(None)
    cached.synthesize(SECRET)
    cached.synthesize(STOCK[0])
    cached.forget()
    cached.synthesize(STOCK[0])
    cached.synthesize(SECRET)
    assert inner.made == [SECRET, STOCK[0], SECRET]


def test_the_history_gets_the_texts_own_words_and_the_voice_the_spoken_ones() -> None:
    cached, inner = loaded(None)
    text = "It costs $5 **a day**."
    parts = list(cached.stream(text))
    assert inner.made == ["It costs 5 dollars a day."]
    assert " ".join(each.text for each in parts) == text


def test_sound_comes_at_the_rate_asked_for() -> None:
    cached = CachedSynthesizer(CountingVoice(22_050), None, rate_hz=48_000)
    cached.load()
    assert cached.rate_hz == 48_000
    joined = np.concatenate([each.samples for each in cached.stream(SECRET)])
    whole = resample(FakeSynthesizer(22_050).synthesize(SECRET), 22_050, 48_000)
    assert len(joined) == len(whole)
    assert np.abs(joined.astype(int) - whole).max() <= 3


@settings(deadline=None)
@given(st.lists(st.integers(0, 4000), max_size=6), st.sampled_from([16_000, 22_050, 48_000]))
def test_parts_are_resampled_as_one(lengths: list[int], to_hz: int) -> None:
    at = np.arange(sum(lengths))
    sound = (9000 * np.sin(at * 0.06)).astype(np.int16)

    def parts() -> Iterator[Part]:
        start = 0
        for length in lengths:
            yield Part("", sound[start : start + length])
            start += length

    joined = [np.zeros(0, np.int16), *(each.samples for each in resampled(parts(), 22_050, to_hz))]
    whole = resample(sound, 22_050, to_hz)
    got = np.concatenate(joined)
    assert abs(len(got) - len(whole)) <= 1
    both = min(len(got), len(whole))
    assert np.abs(got[:both].astype(int) - whole[:both]).max(initial=0) <= 3


def test_the_stock_is_the_programs_own_sentences() -> None:
    from agents.agent import DONT_KNOW
    from device.assistant import SORRY_HEARING
    from device.reply import SORRY_THINKING

    stock = list(stock_sentences())
    assert len(stock) == len(set(stock)) > 30
    assert {DONT_KNOW, SORRY_HEARING, SORRY_THINKING, "Timer set for 10 minutes."} < set(stock)
    assert not any("nothing was changed" in each or "understand that." in each for each in stock)


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


class PacedVoice(CountingVoice):
    """Takes as long as the pace says."""

    def __init__(self, pace: VoicePace) -> None:
        super().__init__()
        self.pace = pace

    def synthesize(self, text: str) -> Samples:
        made = super().synthesize(text)
        return np.resize(made, round(len(made) * self.pace.now))


def test_a_changed_pace_is_heard_at_once_and_kept_nowhere(tmp_path: Path) -> None:
    pace = VoicePace()
    inner = PacedVoice(pace)
    folder = tmp_path / "clips"
    cached = CachedSynthesizer(inner, folder, STOCK, pace=pace)
    cached.load()
    usual = {text: len(cached.synthesize(text)) for text in (SECRET, STOCK[0])}
    pace.set_factor(1.5)
    for text, samples in usual.items():
        assert len(cached.synthesize(text)) == round(samples * 1.5)
    assert not cached.fill()
    assert not folder.exists()
    pace.set_factor(1.0)
    for text, samples in usual.items():
        assert len(cached.synthesize(text)) == samples
    while cached.fill():
        pass
    again, _ = loaded(folder)
    assert len(again.synthesize(STOCK[0])) == usual[STOCK[0]]


def test_what_was_begun_at_another_pace_is_not_kept() -> None:
    pace = VoicePace()
    inner = PacedVoice(pace)
    cached = CachedSynthesizer(inner, None, STOCK, pace=pace)
    cached.load()
    pace.set_factor(1.5)
    stream = cached.stream(SECRET)
    next(stream)
    pace.set_factor(1.0)
    list(stream)
    made = len(inner.made)
    cached.synthesize(SECRET)
    assert len(inner.made) == made + 1
