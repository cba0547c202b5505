"""GGUF models on llama.cpp, with the prompt's common start kept between turns."""

import codecs
import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from agents.model import Message, ModelFailed, ModelUnusable, never
from agents.thoughts import without_thoughts

if TYPE_CHECKING:
    from llama_cpp import Llama
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

_PREFILL_TOKENS = 32  # read at a time, so that stop() is asked between
_QUIET: list[object] = []  # keeps the log callback alive for as long as llama.cpp may call it


class LlamaModel:
    """A chat model from a GGUF file with its own chat template.

    path: the file; its stem is the name. threads: cores llama.cpp may spin on; give it fewer
    than there are. context_tokens: room for prompt and reply. `load()` opens the file.
    """

    def __init__(self, path: Path, threads: int, context_tokens: int = 2048) -> None:
        self._path = path
        self._threads = threads
        self._context_tokens = context_tokens
        self._loaded: _Loaded | None = None
        self._shared = False

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self._path.stem

    @property
    def context_tokens(self) -> int:
        """Tokens that prompt and reply may have together."""
        return self._context_tokens

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
                n_batch=_PREFILL_TOKENS,
                n_threads=self._threads,
                n_threads_batch=self._threads,
                verbose=False,
            )
        except (ValueError, RuntimeError, OSError, AssertionError) as error:
            raise ModelUnusable(
                f"The language model {self._path.name} can't be opened: its file is damaged, cut"
                " short, or not a GGUF model. Fetch it again."
            ) from error
        self._loaded = _Loaded(llm, self._path.name)

    def stream(
        self, messages: list[Message], *, max_tokens: int, stop: Callable[[], bool] = never
    ) -> Iterator[str]:
        """Text of the reply, piece by piece; see `ChatModel.stream`."""
        loaded = self._ready()
        tokens = loaded.tokens_of(messages)
        room = self._context_tokens - len(tokens)
        if room < 1 or not tokens:
            raise ModelFailed("That is too long for the language model to take in.")
        return without_thoughts(loaded.generate(tokens, min(max_tokens, room), stop))

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as content of a message. Raises ModelFailed if not loaded."""
        return len(self._ready().content_tokens(text))

    def share_cores(self, shared: bool) -> None:
        """Use fewer threads from the next token on while another engine works beside it."""
        self._shared = shared

    def reset(self) -> None:
        """Drop what is held of earlier prompts and replies, and overwrite it."""
        if self._loaded is not None:
            self._loaded.reset()

    def _ready(self) -> "_Loaded":
        if self._loaded is None:
            raise ModelFailed("The language model is not loaded yet.")
        return self._loaded


class _Loaded:
    """An open model: its tokens, its chat template, its loop."""

    def __init__(self, llm: "Llama", file_name: str) -> None:
        import llama_cpp

        self._llm = llm
        vocab = llama_cpp.llama_model_get_vocab(llm.model)
        if vocab is None:
            raise ModelUnusable(f"The language model {file_name} holds no words. Choose another.")
        self._vocab = vocab
        self._add_bos = bool(llama_cpp.llama_vocab_get_add_bos(self._vocab))
        self._format = self._formatter(file_name)

    def _formatter(self, file_name: str) -> "Jinja2ChatFormatter":
        import jinja2
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        template = self._llm.metadata.get("tokenizer.chat_template", "")
        useless = f"The language model {file_name} can't hold a conversation: it has no usable"
        if not template:
            raise ModelUnusable(f"{useless} chat template. Choose an instruct or chat model.")
        try:
            return Jinja2ChatFormatter(
                template,
                eos_token=self._piece(self._llm.token_eos()),
                bos_token=self._piece(self._llm.token_bos()),
            )
        except jinja2.TemplateError as error:
            raise ModelUnusable(
                f"{useless} chat template. Choose an instruct or chat model."
            ) from error

    def _piece(self, token: int) -> str:
        if token < 0:
            return ""
        return self._llm.detokenize([token], special=True).decode("utf-8", "replace")

    def tokens_of(self, messages: list[Message]) -> list[int]:
        """The prompt's tokens. Only the template's own text may become control tokens.

        The template is filled with markers, and the contents take their place as plain tokens.
        """
        import jinja2

        marked = [{"role": m.role.value, "content": f"\x02{n}\x03"} for n, m in enumerate(messages)]
        try:
            prompt = self._format(messages=cast("list[object]", marked)).prompt  # pyright: ignore[reportArgumentType]
        except (jinja2.TemplateError, ValueError) as error:
            raise ModelFailed("The language model's template does not take this prompt.") from error
        tokens: list[int] = []
        for n, part in enumerate(prompt.split("\x02")):
            fixed = part
            if n:
                index, _, fixed = part.partition("\x03")
                tokens += self.content_tokens(messages[int(index)].content)
            tokens += self._tokenize(fixed, special=True)
        bos = self._llm.token_bos()
        return [bos, *tokens] if self._add_bos and tokens[:1] != [bos] else tokens

    def content_tokens(self, text: str) -> list[int]:
        """The tokens of plain text; "<|im_end|>" in it is six or so ordinary ones."""
        return self._tokenize(text.replace("\0", " "), special=False)

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        try:
            return self._llm.tokenize(data, add_bos=False, special=special) if data else []
        except RuntimeError:
            raise ModelFailed("The language model can't read that text.") from None

    def generate(self, tokens: list[int], most: int, stop: Callable[[], bool]) -> Iterator[str]:
        """At most `most` tokens of reply to `tokens`, decoded; greedy. 0: only read the prompt."""
        import llama_cpp

        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            if not self._prefill(tokens, stop):
                return
            if most == 0:
                _ = next(self._continued(tokens))
                return
            for n, token in enumerate(self._continued(tokens), start=1):
                if stop() or llama_cpp.llama_vocab_is_eog(self._vocab, token):
                    break
                text = decoder.decode(self._llm.detokenize([token]))
                if text:
                    yield text
                if n >= most or stop():
                    break
        except (RuntimeError, ValueError, AssertionError) as error:
            self.reset()
            raise ModelFailed("The language model stopped in the middle.") from error
        rest = decoder.decode(b"", final=True)
        if rest:
            yield rest

    def _prefill(self, tokens: list[int], stop: Callable[[], bool]) -> bool:
        """Read all but the end of the prompt; False if told to stop."""
        held = self._llm.input_ids[: self._llm.n_tokens].tolist()
        known = self._llm.longest_token_prefix(held, tokens)
        for end in range(known + _PREFILL_TOKENS, len(tokens), _PREFILL_TOKENS):
            if stop():
                return False
            _ = next(self._continued(tokens[:end]))
        return not stop()

    def _continued(self, tokens: list[int]) -> Iterator[int]:
        return self._llm.generate(tokens, temp=0.0, repeat_penalty=1.1)

    def reset(self) -> None:
        import llama_cpp

        self._llm.reset()
        self._llm.input_ids.fill(0)
        memory = llama_cpp.llama_get_memory(self._llm.ctx)
        if memory is not None:
            llama_cpp.llama_memory_clear(memory, True)


def _silence() -> None:
    """Make llama.cpp log nothing: its messages may hold paths and text."""
    import llama_cpp

    if not _QUIET:
        drop = llama_cpp.llama_log_callback(_drop)
        _QUIET.append(drop)
        llama_cpp.llama_log_set(drop, ctypes.c_void_p(0))  # pyright: ignore[reportArgumentType]


def _drop(_level: int, _text: bytes, _data: object) -> None:
    """Drop one of llama.cpp's log messages."""
