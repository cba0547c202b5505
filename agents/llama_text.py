"""Text to tokens and back for a GGUF model, by its own vocabulary and chat template."""

from typing import TYPE_CHECKING, Final, cast

from agents.model import Message, ModelFailed, ModelUnusable, Role

if TYPE_CHECKING:
    from llama_cpp import Llama
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter


_THINK: Final = "<think>"
_NO_THOUGHT: Final = f"{_THINK}\n\n</think>\n\n"


class ChatText:
    """The words and the chat template of an open model.

    Its own template says how each family marks roles and ends. It is given no tools, so that it
    describes none and the reply is plain text; and it is asked for no reasoning, which a voice
    can't wait for: where it begins some all the same, that is closed again before the reply.

    Raises ModelUnusable if it has none that work.
    """

    def __init__(self, llm: "Llama", file_name: str) -> None:
        import llama_cpp

        self._llm = llm
        vocab = llama_cpp.llama_model_get_vocab(llm.model)
        if vocab is None:
            raise ModelUnusable(f"The language model {file_name} holds no words. Choose another.")
        self._vocab = vocab
        self._add_bos = bool(llama_cpp.llama_vocab_get_add_bos(vocab))
        self._format = self._formatter(file_name)
        self._ends: list[int] | None = None
        self._has_system = self._takes([Message(Role.SYSTEM, ""), Message(Role.USER, "")])

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

    def prompt(self, messages: list[Message]) -> list[int]:
        """The tokens of a prompt; only the template's own text may become control tokens.

        Raises ModelFailed if the template does not take it.
        """
        return [token for _, part in self._parts(messages) for token in part]

    def start(self, system: str) -> list[int]:
        """The tokens before the first word of the user, which are the same in every prompt."""
        tokens: list[int] = []
        for said_in, part in self._parts([Message(Role.SYSTEM, system), Message(Role.USER, "")]):
            if said_in == 1:
                break
            tokens += part
        return tokens

    def _parts(self, messages: list[Message]) -> list[tuple[int | None, list[int]]]:
        """Tokens of the template (None) and of the contents (the number of the message) in turn.

        The template is filled with markers, and the contents take their place as plain tokens.
        """
        prompt = self._rendered(messages, has_system=self._has_system)
        parts: list[tuple[int | None, list[int]]] = []
        for n, part in enumerate(prompt.split("\x02")):
            fixed = part
            if n:
                index, _, fixed = part.partition("\x03")
                parts.append((int(index), self.content(messages[int(index)].content)))
            parts.append((None, self.tokenize(fixed, special=True)))
        bos, first = self._llm.token_bos(), parts[0][1]
        if self._add_bos and first[:1] != [bos]:
            first.insert(0, bos)
        return parts

    def _takes(self, messages: list[Message]) -> bool:
        try:
            _ = self._rendered(messages, has_system=True)
        except ModelFailed:
            return False
        return True

    def _rendered(self, messages: list[Message], *, has_system: bool) -> str:
        """The template with the number of each message where its content belongs. A model that was
        taught no system message (Gemma) reads it at the start of the user's first.
        """
        import jinja2

        marked = [{"role": m.role.value, "content": f"\x02{n}\x03"} for n, m in enumerate(messages)]
        if not has_system and len(marked) > 1 and messages[0].role is Role.SYSTEM:
            first, second, *rest = marked
            joined = f"{first['content']}\n\n{second['content']}"
            marked = [{"role": second["role"], "content": joined}, *rest]
        try:
            prompt = self._format(
                messages=cast("list[object]", marked),  # pyright: ignore[reportArgumentType]
                enable_thinking=False,
            ).prompt
        except (jinja2.TemplateError, ValueError) as error:
            raise ModelFailed("The language model's template does not take this prompt.") from error
        begun = prompt.rstrip()
        if begun.endswith(_THINK):
            return begun.removesuffix(_THINK) + _NO_THOUGHT
        return prompt

    def content(self, text: str) -> list[int]:
        """The tokens of plain text; "<|im_end|>" in it is six or so ordinary ones."""
        return self.tokenize(text.replace("\0", " "), special=False)

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """The tokens of `text`; with `special`, control tokens are told by their names."""
        data = text.encode("utf-8", "replace")
        try:
            return self._llm.tokenize(data, add_bos=False, special=special) if data else []
        except RuntimeError:
            raise ModelFailed("The language model can't read that text.") from None

    def is_end(self, token: int) -> bool:
        """Whether the model ends its reply with this token."""
        import llama_cpp

        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    def ends(self) -> list[int]:
        """The tokens with which the model ends a reply."""
        if self._ends is None:
            self._ends = [token for token in range(self._llm.n_vocab()) if self.is_end(token)]
        return self._ends

    def piece(self, token: int) -> bytes:
        """The bytes of one token, which may end in the middle of a character."""
        return self._llm.detokenize([token])
