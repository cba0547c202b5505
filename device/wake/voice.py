"""A person's own way of saying a wake phrase: learnt from a few recordings, kept in one file.

The check is a logistic regression over the window of embeddings that openWakeWord judges, as in
openWakeWord's own custom verifiers (github.com/dscripka/openWakeWord, docs/custom_verifier_models).
It narrows who wakes the assistant and identifies nobody: it must not open anything by itself.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from device.errors import EngineUnusable

Windows = NDArray[np.float32]
"""Embeddings, shape (n, 16, 96), float32."""

_ROUNDS = 300
_STEP = 2.0
_RIDGE = 0.01

_SPREADS = 2.0
"""Standard deviations of the user's unseen recordings between their mean and the cut-off."""


@dataclass(frozen=True, slots=True)
class LearntVoice:
    """The check for one phrase."""

    wake_word: str
    weights: NDArray[np.float64]
    """Shape (16 * 96,)."""
    bias: float
    clips: int
    """How many recordings it was learnt from."""

    def probability(self, window: NDArray[np.float32]) -> float:
        """Say how surely (0..1) a window of shape (16, 96) is the person's."""
        return float(_sigmoid(window.reshape(-1).astype(np.float64) @ self.weights + self.bias))


def learn(wake_word: str, users: list[Windows], others: Windows) -> LearntVoice:
    """Learn to tell the user's windows from others'.

    Each recording is also judged by what is learnt without it: that is how the user's next
    recording will look, and the cut-off is put below most of those.

    Args:
        wake_word: the phrase.
        users: of the user saying it, for each recording of shape (n, 16, 96).
        others: of anything else, shape (m, 16, 96).

    Raises:
        EngineUnusable: fewer than two recordings, or nothing to tell them from.
    """
    if len(users) < 2 or not len(others):
        raise EngineUnusable("A voice is learnt from recordings of it and of others: add some.")
    unseen: list[float] = []
    for left_out, clip in enumerate(users):
        rest = np.concatenate([each for at, each in enumerate(users) if at != left_out])
        weights, bias = _fit(rest, others)
        unseen.append(float((_flat(clip) @ weights + bias).max()))
    weights, bias = _fit(np.concatenate(users), others)
    cut = min(0.0, float(np.mean(unseen)) - _SPREADS * float(np.std(unseen)))
    return LearntVoice(wake_word, weights, bias - cut, len(users))


def _fit(users: Windows, others: Windows) -> tuple[NDArray[np.float64], float]:
    """Return the weights and the bias of a logistic regression with a ridge.

    Both sides weigh the same, however many windows they have. The method is gradient descent.
    """
    features = np.concatenate([_flat(users), _flat(others)])
    target = np.concatenate([np.ones(len(users)), np.zeros(len(others))])
    share = np.where(target == 1, 0.5 / len(users), 0.5 / len(others))
    mean = share @ features
    # Divided by the root of their number, so that the features have a length of about one.
    scale = (np.sqrt(share @ (features - mean) ** 2) + 1e-6) * np.sqrt(features.shape[1])
    known = (features - mean) / scale
    weights, bias = np.zeros(features.shape[1]), 0.0
    for _ in range(_ROUNDS):
        error = share * (_sigmoid(known @ weights + bias) - target)
        weights -= _STEP * (error @ known + _RIDGE * weights)
        bias -= _STEP * float(error.sum())
    weights = weights / scale
    return weights, bias - float(mean @ weights)


def save_voice(folder: Path, voice: LearntVoice) -> Path:
    """Write the check into the private folder, readable by its owner only; return the file.

    The file holds the classifier's weights: no sound, no text, no embedding of a recording.

    Raises:
        EngineUnusable: the file cannot be written.
    """
    path = _path(folder, voice.wake_word)
    record = {
        "wake_word": voice.wake_word,
        "clips": voice.clips,
        "bias": voice.bias,
        "weights": [float(f"{each:.6g}") for each in voice.weights],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    except OSError as error:
        raise EngineUnusable(f"The voice cannot be kept in {path} ({error.strerror}).") from error
    return path


def load_voices(folder: Path, wake_words: tuple[str, ...]) -> dict[str, LearntVoice]:
    """Read the checks there are for `wake_words`.

    Raises:
        EngineUnusable: a file is damaged; the message says how to be rid of it.
    """
    found: dict[str, LearntVoice] = {}
    for wake_word in wake_words:
        path = _path(folder, wake_word)
        if path.is_file():
            found[wake_word] = _read(path, wake_word)
    return found


def forget_voice(folder: Path, wake_word: str) -> bool:
    """Remove a check; say whether there was one."""
    path = _path(folder, wake_word)
    there = path.is_file()
    path.unlink(missing_ok=True)
    return there


def _read(path: Path, wake_word: str) -> LearntVoice:
    try:
        record = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        weights = np.asarray(record["weights"], dtype=np.float64)
        voice = LearntVoice(wake_word, weights, float(record["bias"]), int(record["clips"]))
        if weights.shape != (16 * 96,) or not np.isfinite(weights).all():
            raise ValueError("not the weights of a window")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineUnusable(
            f"{path} is damaged: remove it with 'lapel wake forget {wake_word}', and train again."
        ) from error
    return voice


def _path(folder: Path, wake_word: str) -> Path:
    if not wake_word.isidentifier():  # no word may lead out of the folder
        raise EngineUnusable(f"'{wake_word}' is no wake word: see 'lapel wake list'.")
    return folder / f"{wake_word}.json"


def _sigmoid(values: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.clip(values, -60.0, 60.0)))


def _flat(windows: Windows) -> NDArray[np.float64]:
    return windows.reshape(len(windows), -1).astype(np.float64)
