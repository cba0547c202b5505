"""What was really played, for the echo canceller: a record that keeps step with the microphone."""

import threading
from collections import deque

import numpy as np

from device.audio import RATE_HZ, Samples, resample

_MOST_S = 10.0
"""As long as the microphone's chunks can wait (`ChunkQueue`): then the record waits beside them."""
_CONTEXT_S = 0.005
"""Sound on either side of a block that the resampler reads, so that blocks join without a seam."""
_WINDOW_S = 2.0
"""Longer than an engine keeps the chunks waiting, and the record with them."""
_SLACK = int(0.015 * RATE_HZ)
_LEFT = int(0.005 * RATE_HZ)
_FAR_BEHIND = int(0.06 * RATE_HZ)


class Played:
    """Takes what the speaker pulls, at its rate, and gives it out at 16 kHz.

    The record must not run behind, or an echo would come before its reference. Speaker and
    microphone have clocks and bursts of their own, so what is waiting grows or runs out: where it
    runs out, silence is given; where at least `_SLACK` has waited for whole seconds, the oldest of
    it is left out, in a silence if there is one.
    """

    def __init__(self, rate_hz: int) -> None:
        """Take sound of `rate_hz`; nothing is kept before the first `take`."""
        # Blocks of a whole number of samples at both rates: 10 ms, or 20 for 11,025 × 2 and × 4.
        blocks_per_s = 100 if rate_hz % 100 == 0 else 50
        self._block = rate_hz // blocks_per_s
        self._block_out = RATE_HZ // blocks_per_s
        self._rate_hz = rate_hz
        self._context = 0 if rate_hz == RATE_HZ else int(_CONTEXT_S * rate_hz)
        self._lock = threading.Lock()
        self._pulled: deque[Samples] = deque()
        self._pulled_count = 0
        self._wanted = False
        self._raw: Samples = np.zeros(2 * self._context, dtype=np.int16)
        self._ready: Samples = np.zeros(0, dtype=np.int16)
        self._least = 1 << 30
        self._window = 0

    def push(self, samples: Samples) -> None:
        """Take over what was pulled, from the speaker's thread; nobody may change it later."""
        if not self._wanted:
            return
        with self._lock:
            self._pulled.append(samples)
            self._pulled_count += len(samples)
            while self._pulled_count > _MOST_S * self._rate_hz:
                self._pulled_count -= len(self._pulled.popleft())

    def take(self, count: int) -> Samples:
        """Return the next `count` samples: shape (count,), int16, 16 kHz."""
        self._wanted = True
        self._collect()
        out = np.zeros(count, dtype=np.int16)
        here = self._ready[:count]
        out[: len(here)] = here
        self._ready = self._ready[count:]
        self._keep_step()
        return out

    def forget(self) -> None:
        """Let go of all that waits, where no sound has come beside it; as before the first `take`.

        Not while another thread takes.
        """
        with self._lock:
            self._wanted = False
            self._pulled.clear()
            self._pulled_count = 0
        self._raw = np.zeros(2 * self._context, dtype=np.int16)
        self._ready = np.zeros(0, dtype=np.int16)
        self._least, self._window = 1 << 30, 0

    def _collect(self) -> None:
        with self._lock:
            pulled = list(self._pulled)
            self._pulled.clear()
            self._window += self._pulled_count
            self._pulled_count = 0
        if self._context == 0:
            self._ready = np.concatenate([self._ready, *pulled])
            return
        raw = np.concatenate([self._raw, *pulled])
        blocks = (len(raw) - 2 * self._context) // self._block
        if blocks:
            end = blocks * self._block
            self._ready = np.concatenate([self._ready, self._at_16_khz(raw, blocks)])
            raw = raw[end:]
        self._raw = raw

    def _at_16_khz(self, raw: Samples, blocks: int) -> Samples:
        """Resample `blocks` blocks that have context on both sides."""
        edge = self._block  # a whole block, so that the cut falls on a whole sample
        lead = np.zeros(edge - self._context, dtype=np.int16)
        count = 2 * self._context + blocks * self._block
        rate_in, rate_out = self._block * 100, self._block_out * 100
        sound = resample(np.concatenate([lead, raw[:count]]), rate_in, rate_out)
        return sound[self._block_out : self._block_out + blocks * self._block_out]

    def _keep_step(self) -> None:
        self._least = min(self._least, len(self._ready))
        if self._window < _WINDOW_S * self._rate_hz:
            return
        late, self._least, self._window = self._least, 1 << 30, 0
        if late < _SLACK:
            return
        left_out = self._ready[: late - _LEFT]
        if late > _FAR_BEHIND or not left_out.any():
            self._ready = self._ready[len(left_out) :]
