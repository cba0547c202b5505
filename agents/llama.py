"""GGUF models on llama.cpp, with the prompt's common start kept between turns."""

import codecs
import ctypes
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from agents.llama_decoder import READ_TOKENS, Decoder, common
from agents.llama_start import key_of, load_start, save_start
from agents.llama_text import ChatText
from agents.model import Message, ModelFailed, ModelUnusable, never
from agents.options import shares
from agents.thoughts import without_thoughts
from context.labels import BOTTOM, Label

_MOST_READS = 24  # of branches; a walk through the spans of a sentence takes about ten
_QUIET: list[object] = []  # keeps the log callback alive for as long as llama.cpp may call it


class LlamaModel:
    """A chat model from a GGUF file with its own chat template.

    path: the file; its stem is the name. threads: cores llama.cpp may spin on beside another
    engine, and threads_alone once `share_cores` has said that there is none.
    context_tokens: room for prompt and reply. folder: where the start of every prompt is kept
    from one run to the next; None: it is read each time. `load()` opens the file.
    """

    def __init__(
        self,
        path: Path,
        threads: int,
        context_tokens: int = 2048,
        *,
        threads_alone: int | None = None,
        folder: Path | None = None,
    ) -> None:
        self._path = path
        self._threads = threads
        self._threads_alone = threads_alone or threads
        self._now_threads = threads
        self._context_tokens = context_tokens
        self._folder = folder
        self._loaded: tuple[ChatText, Decoder] | None = None
        self._key = ""

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self._path.stem

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and reply may have together."""
        return self._context_tokens

    @property
    def decoded(self) -> int:
        """Tokens that went through the model so far: read and made."""
        return 0 if self._loaded is None else self._loaded[1].decoded

    def load(self) -> None:
        """Open the weights, 0.2 to 5 s. Raises ModelUnusable with what to do."""
        if self._loaded is not None:
            return
        if not self._path.is_file():
            raise ModelUnusable(
                f"There is no language model at {self._path}. Fetch it again, or choose another."
            )
        try:
            import llama_cpp
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelUnusable(
                "llama.cpp's library can't be loaded on this machine. Run scripts/setup again."
            ) from error
        _silence()
        try:
            llm = llama_cpp.Llama(
                str(self._path),
                n_ctx=self._context_tokens,
                n_batch=READ_TOKENS,
                n_threads=self._threads,
                n_threads_batch=self._threads,
                verbose=False,
            )
        except (ValueError, RuntimeError, OSError, AssertionError) as error:
            raise ModelUnusable(
                f"The language model {self._path.name} can't be opened: its file is damaged, cut"
                " short, or not a GGUF model. Fetch it again."
            ) from error
        text = ChatText(llm, self._path.name)
        self._loaded = text, Decoder(llm, lambda: self._now_threads)

    def stream(
        self,
        messages: list[Message],
        *,
        max_tokens: int,
        label: Label = BOTTOM,
        stop: Callable[[], bool] = never,
        key: str = "",
    ) -> Iterator[str]:
        """Text of the reply, piece by piece; see `ChatModel.stream`."""
        text, decoder = self._ready()
        tokens = text.prompt(messages)
        room = self._context_tokens - len(tokens)
        if room < 1 or not tokens:
            raise ModelFailed("That is too long for the language model to take in.")
        self._keyed(decoder, key)
        if max_tokens == 0:
            _ = decoder.read(tokens, stop)
            return iter(())
        found = decoder.tokens(tokens, min(max_tokens, room), stop)
        return without_thoughts(_pieces(text, found, stop))

    def choose(
        self,
        messages: list[Message],
        options: Sequence[str],
        *,
        label: Label = BOTTOM,
        said: str = "",
        stop: Callable[[], bool] = never,
        key: str = "",
    ) -> list[float]:
        """How likely each option is, among them alone; see `ChatModel.choose`."""
        text, decoder = self._ready()
        begun = text.content(said)
        whole = [text.content(said + option) for option in options]
        shared = min([len(begun), *(common(begun, each) for each in whole)])
        prompt = text.prompt(messages) + begun[:shared]
        longest = max((len(each) - shared for each in whole), default=0)
        if len(prompt) + longest > self._context_tokens:
            raise ModelFailed("That is too long for the language model to take in.")
        self._keyed(decoder, key)
        return shares(
            [each[shared:] for each in whole],
            lambda tokens: decoder.after([*prompt, *tokens], stop),
            text.ends(),
            most_reads=_MOST_READS,
        )

    def takes(self, label: Label) -> bool:
        """Everything: nothing of it leaves the device."""
        return True

    def keep_start(self, system: str) -> None:
        """Have the start of every prompt in memory; see `ChatModel.keep_start`."""
        text, decoder = self._ready()
        tokens = text.start(system)
        if not tokens:
            return
        if self._folder is None:
            _ = decoder.keep_start(tokens)
            return
        import llama_cpp

        path = self._folder / f"{self.name}.start"
        try:
            key = key_of(self._path, tokens, llama_cpp.__version__, self._context_tokens)
            kept = load_start(path, key)
            state = decoder.keep_start(tokens, kept)
            if state != kept:
                save_start(path, key, state)
        except OSError:
            return  # it will be read again at the next start, a second later

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as content of a message. Raises ModelFailed if not loaded."""
        return len(self._ready()[0].content(text))

    def share_cores(self, shared: bool) -> None:
        """Use fewer threads from the next token on while another engine works beside it."""
        self._now_threads = self._threads if shared else self._threads_alone

    def reset(self) -> None:
        """Drop what is held of earlier prompts and replies, and overwrite it."""
        if self._loaded is not None:
            self._loaded[1].reset()

    def _keyed(self, decoder: Decoder, key: str) -> None:
        if key != self._key:  # the kept start holds nobody's words, and comes back
            decoder.reset()
            self._key = key

    def _ready(self) -> tuple[ChatText, Decoder]:
        if self._loaded is None:
            raise ModelFailed("The language model is not loaded yet.")
        return self._loaded


def _pieces(text: ChatText, tokens: Iterator[int], stop: Callable[[], bool]) -> Iterator[str]:
    """The tokens as text up to the model's own end; a character is whole or not there yet."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for token in tokens:
        if stop() or text.is_end(token):
            break
        if piece := decoder.decode(text.piece(token)):
            yield piece
    if rest := decoder.decode(b"", final=True):
        yield rest


def _silence() -> None:
    """Make llama.cpp log nothing: its messages may hold paths and text."""
    import llama_cpp

    if not _QUIET:
        drop = llama_cpp.llama_log_callback(_drop)
        _QUIET.append(drop)
        llama_cpp.llama_log_set(drop, ctypes.c_void_p(0))  # pyright: ignore[reportArgumentType]


def _drop(_level: int, _text: bytes, _data: object) -> None:
    """Drop one of llama.cpp's log messages."""
