"""One llama.cpp context: which tokens its memory holds, and the next one, greedily."""

import contextlib
import ctypes
import threading
import weakref
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.model import ModelFailed, never

if TYPE_CHECKING:
    from llama_cpp import Llama

READ_TOKENS = 64
"""Read at a time. One x86-64 core reads 50 tokens of Qwen-0.5B a second 32 at a time, 56 with 64,
57 with 128 or 256."""
_REPEAT_PENALTY = 1.1  # on what the reply itself has said, as llama.cpp's own sampler has it
_REPEAT_TOKENS = 64
_LONG_TOKENS = 8  # from here on a step takes long enough to be aborted
_ASK_EVERY_S = 0.005
_ABORTED = 2  # of llama_decode
_SEQUENCE = ctypes.c_int32(0)  # the only one there is

Logits = NDArray[np.float32]


class Decoder:
    """Reads prompts and goes on from them. Used by one thread at a time.

    threads: asked before each decode, so that cores can be shared with others at any time. The
    memory goes back to where a prompt differs from the last one; a model that can't take tokens
    back (recurrent ones such as Mamba, and hybrids) goes back to the kept start.
    """

    def __init__(self, llm: "Llama", threads: Callable[[], int]) -> None:
        import llama_cpp

        self._llm = llm  # keeps the context open
        self._context = llm.ctx
        self._memory = llama_cpp.llama_get_memory(llm.ctx)
        self._words = llm.n_vocab()
        self._takes_back = not (
            llama_cpp.llama_model_is_recurrent(llm.model)
            or llama_cpp.llama_model_is_hybrid(llm.model)
        )
        self._threads = threads
        # llama.cpp asks before each operation, some 500 times a token, whether to abort. Python
        # would have to take its lock each time, beside all that hears and plays; C's strlen looks
        # at a byte of memory and returns 0 or 1.
        self._abort_flag = ctypes.create_string_buffer(2)
        self._abort = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)
        flag = ctypes.cast(self._abort_flag, ctypes.c_void_p)
        llama_cpp.llama_set_abort_callback(llm.ctx, self._abort, flag)
        self._batch = llama_cpp.llama_batch_init(READ_TOKENS, 0, 1)
        weakref.finalize(self, llama_cpp.llama_batch_free, self._batch)
        self._held: list[int] = []
        self._logits: Logits | None = None  # after the last token held
        self._start: list[int] = []
        self._start_state: bytes | None = None
        self._reading = 0
        self.decoded = 0
        """Tokens that went through the model so far."""

    def read(self, tokens: Sequence[int], stop: Callable[[], bool] = never) -> bool:
        """Make the memory hold `tokens` and no more; False if told to stop. Raises ModelFailed."""
        self._reading += 1
        wanted = list(tokens)
        if self._held == wanted and self._logits is not None:
            return not stop()
        self._go_back(min(common(self._held, wanted), len(wanted) - 1), wanted)
        while (at := len(self._held)) < len(wanted):
            if stop() or not self._decode(wanted[at : at + READ_TOKENS], stop):
                return False
        return not stop()

    def tokens(
        self, prompt: Sequence[int], most: int, stop: Callable[[], bool] = never
    ) -> Iterator[int]:
        """At most `most` tokens that follow `prompt`, each the likeliest. Raises ModelFailed.

        Ends at once if told to stop, and when another prompt is read meanwhile. Trying several
        tokens at once that the prompt holds (prompt lookup) is slower here: a step of four costs
        as much as 2.4 of one.
        """
        if not self.read(prompt, stop):
            return
        reading, said = self._reading, list[int]()
        while self._logits is not None:
            said.append(_likeliest(self._logits, said))
            yield said[-1]
            if len(said) >= most or reading != self._reading or stop():
                return
            if not self._decode(said[-1:], stop):
                return

    def after(self, tokens: Sequence[int], stop: Callable[[], bool] = never) -> Logits | None:
        """The logits after `tokens`; None if told to stop. Raises ModelFailed."""
        return self._logits if self.read(tokens, stop) else None

    def keep_start(self, tokens: Sequence[int], state: bytes | None = None) -> bytes:
        """Keep the start of the prompts to come, also over `reset`, and return its state.

        state: what an earlier call returned, maybe in another process, for the same tokens,
        weights and settings; then it is not read. Raises ModelFailed.
        """
        self._reading += 1
        self._start, self._start_state = list(tokens), state
        if state is not None and self._restore():
            # One step brings in the weights, which the first turn would else wait for.
            _ = self._decode(self._start[-1:], never)
            self.reset()
            return state
        self._start_state = None
        _ = self.read(tokens)
        self._start_state = self._state()
        return self._start_state

    def reset(self) -> None:
        """Drop all that is held, and overwrite it. The kept start comes back when it is needed."""
        import llama_cpp

        self._reading += 1
        self._held, self._logits = [], None
        if self._memory is not None:
            llama_cpp.llama_memory_clear(self._memory, True)

    def _go_back(self, keep: int, wanted: Sequence[int]) -> None:
        """Hold the first `keep` tokens; where that can't be, the kept start or nothing."""
        if keep < len(self._held):
            self._cut(keep)
        start = self._start
        if len(self._held) < len(start) < len(wanted) and list(wanted[: len(start)]) == start:
            _ = self._restore()

    def _cut(self, keep: int) -> None:
        """Hold the first `keep` tokens, or nothing where the model can't go back."""
        import llama_cpp

        memory = self._memory
        if memory is not None and llama_cpp.llama_memory_seq_rm(memory, 0, keep, -1):
            self._logits = None
            del self._held[keep:]
        else:
            self.reset()

    def _decode(self, tokens: list[int], stop: Callable[[], bool]) -> bool:
        """Add `tokens` to the memory, with the logits after the last; False, and none is added, if
        told to stop. Raises ModelFailed.
        """
        import llama_cpp

        batch = self._batch
        batch.n_tokens = len(tokens)
        for n, token in enumerate(tokens):
            batch.token[n] = token
            batch.pos[n] = len(self._held) + n
            batch.n_seq_id[n] = 1
            batch.seq_id[n][0] = 0
            batch.logits[n] = n == len(tokens) - 1
        threads = self._threads()
        llama_cpp.llama_set_n_threads(self._context, threads, threads)
        self._logits = None
        with self._aborting(stop, long=len(tokens) >= _LONG_TOKENS):
            code = llama_cpp.llama_decode(self._context, batch)
        if code:
            # Some of it may have been read; half a step of a recurrent state is no use at all.
            self._cut(len(self._held)) if self._takes_back else self.reset()
            if code == _ABORTED:
                return False
            raise ModelFailed("The language model stopped in the middle.")
        self._held += tokens
        self.decoded += len(tokens)
        found = llama_cpp.llama_get_logits_ith(self._context, len(tokens) - 1)
        self._logits = np.ctypeslib.as_array(found, shape=(self._words,)).copy()
        return True

    @contextlib.contextmanager
    def _aborting(self, stop: Callable[[], bool], *, long: bool) -> Generator[None]:
        """Let `stop` end a decode that takes long; a short one is over as soon."""
        self._abort_flag[0] = b"\0"
        if not long or stop is never:
            yield
            return
        done = threading.Event()

        def watch() -> None:
            while not done.wait(_ASK_EVERY_S):
                if stop():
                    self._abort_flag[0] = b"\1"
                    return

        watcher = threading.Thread(target=watch, name="abort", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _state(self) -> bytes:
        """All that the memory holds, as bytes."""
        import llama_cpp

        size = llama_cpp.llama_state_seq_get_size(self._context, _SEQUENCE)
        buffer = (ctypes.c_uint8 * size)()
        size = llama_cpp.llama_state_seq_get_data(self._context, buffer, size, _SEQUENCE)
        return bytes(buffer)[:size]

    def _restore(self) -> bool:
        """Hold the kept start; False, and nothing is held, if its state is of no use."""
        import llama_cpp

        self.reset()
        state, memory = self._start_state, self._memory
        if state is None or memory is None:
            return False
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        read = llama_cpp.llama_state_seq_set_data(self._context, buffer, len(state), _SEQUENCE)
        last = llama_cpp.llama_memory_seq_pos_max(memory, 0)
        if read != len(state) or last != len(self._start) - 1:
            self.reset()
            return False
        self._held = list(self._start)
        return True


def common(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens two sequences have in common from the first on."""
    differ = (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b)
    return next(differ, min(len(left), len(right)))


def _likeliest(logits: Logits, said: Sequence[int]) -> int:
    """The token of the greatest logit, once those of tokens just said are lowered."""
    lowered = logits.copy()
    again = np.unique(np.asarray(said[-_REPEAT_TOKENS:], np.int64))
    old = lowered[again]
    lowered[again] = np.where(old > 0, old / _REPEAT_PENALTY, old * _REPEAT_PENALTY)
    return int(np.argmax(lowered))
