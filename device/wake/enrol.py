"""From recordings to a learnt voice: finds the phrase in each, and what it is to be told from."""

import numpy as np
from numpy.typing import NDArray

from device.audio import RATE_HZ, Samples
from device.errors import EngineUnusable
from device.wake import phrase_of
from device.wake.openwakeword import OpenWakeWordOnDemand
from device.wake.voice import LearntVoice, learn

FEWEST_CLIPS = 3

_PHRASE_AT = 0.3
"""openWakeWord's score from which a window of the user's recording holds the phrase."""

_SHIFTS = (0, 320, 640, 960)
"""Samples that a recording is shifted by, as the steps of 80 ms may lie anywhere in it."""


def enrol(
    wake_word: str, mine: list[Samples], others: list[Samples]
) -> tuple[LearntVoice, list[int]]:
    """Learn the user's voice.

    Args:
        wake_word: the phrase.
        mine: recordings of the user saying it, int16, 16 kHz.
        others: recordings of anything else, of any length.

    Returns:
        What was learnt, and the places in `mine` of the recordings without the phrase.

    Raises:
        EngineUnusable: the phrase is unknown, or too few recordings have it.
    """
    engine = OpenWakeWordOnDemand((wake_word,), look_back=0)
    engine.load()
    users: list[NDArray[np.float32]] = []
    unheard: list[int] = []
    for number, clip in enumerate(mine):
        heard = _phrases(engine, wake_word, clip)
        if heard:
            users.append(np.stack(heard))
        else:
            unheard.append(number)
    clips = len(users)
    if clips < FEWEST_CLIPS:
        raise EngineUnusable(
            f"'{phrase_of(wake_word)}' is heard in {clips} of {len(mine)} recordings, and at least "
            f"{FEWEST_CLIPS} are needed: say it once in each, clearly, near the microphone."
        )
    against: list[NDArray[np.float32]] = []
    for clip in others:
        # Others' phrases matter most: at every shift. Of other sound a window here and there.
        against += _phrases(engine, wake_word, clip)
        against += _windows(engine, clip, 0)[::4]
    # Quiet and noise are nobody's.
    against += _windows(engine, np.zeros(RATE_HZ, np.int16), 0)[::4]
    return learn(wake_word, users, np.stack(against)), unheard


def _phrases(
    engine: OpenWakeWordOnDemand, wake_word: str, clip: Samples
) -> list[NDArray[np.float32]]:
    return [
        window
        for shift in _SHIFTS
        for window in _windows(engine, clip, shift)
        if engine.score(wake_word, window) >= _PHRASE_AT
    ]


def _windows(engine: OpenWakeWordOnDemand, clip: Samples, shift: int) -> list[NDArray[np.float32]]:
    """Return every window of a clip with silence around it."""
    before = np.zeros(engine.ring_samples + shift, np.int16)
    sound = np.concatenate([before, clip, np.zeros(RATE_HZ // 2, np.int16)])
    windows = engine.begin(sound[: engine.ring_samples])
    for at in range(engine.ring_samples, len(sound), RATE_HZ):
        windows += engine.follow(sound[at : at + RATE_HZ])
    return windows
