"""What a model on llama.cpp holds between prompts, on tiny models that are made here."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.llama import LlamaModel
from agents.llama_decoder import Decoder
from agents.llama_start import load_start, save_start
from agents.model import Message, ModelFailed, Role
from tests.agents.tiny_gguf import write_llama, write_mamba

SYSTEM = "You are kind and you answer in one short sentence."
OTHER = "You are a cat."
QUESTIONS = ("good day", "good dog", "what is that", "good day", "a " * 90, "what is it", "go")
Make = Callable[..., LlamaModel]


def decoder_of(model: LlamaModel) -> Decoder:
    assert model._loaded is not None
    return model._loaded[1]


def say(model: LlamaModel, *said: str, system: str = SYSTEM, most: int = 20, key: str = "") -> str:
    roles = [Role.USER, Role.ASSISTANT] * len(said)
    messages = [Message(role, text) for role, text in zip(roles, said, strict=False)]
    messages.insert(0, Message(Role.SYSTEM, system))
    return "".join(model.stream(messages, max_tokens=most, key=key))


def reads(model: LlamaModel, *said: str, system: str = SYSTEM, key: str = "") -> int:
    """How many tokens go through the model until the prompt is read."""
    before = decoder_of(model).decoded
    say(model, *said, system=system, most=0, key=key)
    return decoder_of(model).decoded - before


@pytest.fixture(scope="module", params=[write_llama, write_mamba])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / f"{request.param.__name__}.gguf"
    request.param(path)
    assert path.stat().st_size < 200_000
    return path


@pytest.fixture
def make(path: Path, tmp_path: Path) -> Make:
    def make(*, start: str | None = SYSTEM, kept: bool = False) -> LlamaModel:
        folder = tmp_path / "kept" if kept else None
        model = LlamaModel(path, threads=1, context_tokens=512, folder=folder)
        model.load()
        if start is not None:
            model.keep_start(start)
        return model

    return make


@pytest.fixture
def plain(make: Make) -> dict[str, str]:
    """What is said where nothing is held: each from a fresh memory."""
    model = make(start=None)
    said: dict[str, str] = {}
    for question in QUESTIONS:
        model.reset()
        said[question] = say(model, question)
    assert len(set(said.values())) > 2, "the model must mind its prompt"
    return said


def test_what_is_held_changes_no_reply(make: Make, plain: dict[str, str]) -> None:
    model = make()
    for question in QUESTIONS:
        assert say(model, question) == plain[question]


def test_it_changes_none_after_a_reset_either(make: Make, plain: dict[str, str]) -> None:
    model = make()
    for question in QUESTIONS:
        model.reset()
        assert say(model, question) == plain[question]


def test_the_start_is_never_read_again(make: Make) -> None:
    model = make()
    start = len(decoder_of(model)._start)
    assert start > 30
    for _ in range(2):
        assert reads(model, "good day") < start
        assert reads(model, "what is that") < start
        model.reset()


def test_a_prompt_that_starts_otherwise_is_read_whole(make: Make) -> None:
    model, other = make(), make(start=OTHER)
    assert say(model, "good day", system=OTHER) == say(other, "good day", system=OTHER)


def test_a_conversation_goes_on(make: Make) -> None:
    kept, bare = make(), make(start=None)
    said = ["good day"]
    for question in ("what is it", "a dog", "go"):
        said += [say(kept, *said), question]
        bare.reset()
        assert say(kept, *said) == say(bare, *said)


@pytest.mark.parametrize("after", [0, 1, 5, 30, 100, 200])
def test_stopping_inside_a_step_leaves_it_sound(
    make: Make, plain: dict[str, str], after: int
) -> None:
    model = make()
    for question in QUESTIONS:
        asked = 0

        def stop() -> bool:
            nonlocal asked
            asked += 1
            return asked > after

        messages = [Message(Role.SYSTEM, SYSTEM), Message(Role.USER, question)]
        said = "".join(model.stream(messages, max_tokens=20, stop=stop))
        assert plain[question].startswith(said.rstrip("\ufffd"))
        assert say(model, question) == plain[question]


def test_a_reply_ends_when_another_is_begun(make: Make, plain: dict[str, str]) -> None:
    model = make()
    first = model.stream([Message(Role.USER, "good dog")], max_tokens=20)
    next(first)
    assert say(model, "what is that") == plain["what is that"]
    list(first)
    assert say(model, "what is that") == plain["what is that"]


def test_threads_are_asked_for_at_each_step(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import llama_cpp

    model = LlamaModel(path, threads=1, context_tokens=512, threads_alone=2)
    model.load()
    used: list[int] = []
    monkeypatch.setattr(
        llama_cpp, "llama_set_n_threads", lambda _context, n, _reading: used.append(n)
    )
    stream = model.stream([Message(Role.USER, "good day")], max_tokens=20)
    next(stream)
    for shared in (False, True, False):
        model.share_cores(shared)
        next(stream)
    assert used[0] == 1, "until it is said that the model is alone"
    assert used[-1] == 2
    assert used[1:].count(1) > 0


class TestKeys:
    """What is held of one scope's prompts is never gone on from in another's."""

    def test_at_another_key_all_but_the_start_is_read_anew(self, make: Make) -> None:
        model = make()
        whole = reads(model, "good day", key="alone")
        assert reads(model, "good day", key="alone") == 0
        assert reads(model, "good day", key="in company") == whole
        assert reads(model, "good day", key="alone") == whole
        assert whole < len(decoder_of(model)._start)

    def test_nothing_is_left_of_the_other_ones_prompt(self, make: Make) -> None:
        model, fresh = make(), make()
        say(model, "good day", "a dog", "my pin is swordfish", key="alone")
        say(model, "what is it", key="in company")
        say(fresh, "what is it", key="in company")
        assert decoder_of(model)._held == decoder_of(fresh)._held
        assert decoder_of(model)._state() == decoder_of(fresh)._state()

    def test_it_is_overwritten(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        import llama_cpp

        model = make()
        say(model, "my pin is swordfish", key="alone")
        clear, overwritten = llama_cpp.llama_memory_clear, list[bool]()

        def spy(memory: object, data: bool) -> None:
            overwritten.append(data)
            clear(memory, data)

        monkeypatch.setattr(llama_cpp, "llama_memory_clear", spy)
        say(model, "good day", key="alone")
        assert overwritten.count(True) == len(overwritten)
        overwritten.clear()
        say(model, "good day", key="in company")
        assert overwritten
        assert all(overwritten)

    def test_it_changes_no_reply(self, make: Make, plain: dict[str, str]) -> None:
        model = make()
        for n, question in enumerate(QUESTIONS):
            assert say(model, question, key=str(n % 2)) == plain[question]

    def test_a_reply_ends_when_another_scopes_is_begun(self, make: Make) -> None:
        model = make()
        first = model.stream([Message(Role.USER, "good dog")], max_tokens=20, key="alone")
        next(first)
        say(model, "what is that", key="in company")
        held = list(decoder_of(model)._held)
        list(first)
        assert decoder_of(model)._held == held


class TestOnDisk:
    def files(self, folder: Path) -> list[Path]:
        return sorted((folder / "kept").iterdir())

    def test_a_second_run_does_not_read_it(
        self, make: Make, plain: dict[str, str], tmp_path
    ) -> None:
        make(kept=True)
        (file,) = self.files(tmp_path)
        written = file.stat().st_mtime_ns
        again = make(kept=True)
        assert decoder_of(again).decoded == 1, "only the step that brings in the weights"
        assert file.stat().st_mtime_ns == written
        for question in QUESTIONS:
            assert say(again, question) == plain[question]

    def test_only_its_owner_may_read_it(self, make: Make, tmp_path) -> None:
        make(kept=True)
        (file,) = self.files(tmp_path)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_what_was_said_is_not_in_it(self, make: Make, tmp_path) -> None:
        model = make(kept=True)
        (file,) = self.files(tmp_path)
        before = file.read_bytes()
        say(model, "my pin is swordfish")
        model.reset()
        model.keep_start(SYSTEM)
        assert [each.read_bytes() for each in self.files(tmp_path)] == [before]
        assert decoder_of(model)._start_state == decoder_of(make())._start_state

    @pytest.mark.parametrize("damage", ["empty", "short", "changed", "another's", "folder"])
    def test_a_damaged_file_is_ignored_and_made_anew(
        self, make: Make, plain: dict[str, str], tmp_path, damage: str, capfd
    ) -> None:
        make(kept=True)
        (file,) = self.files(tmp_path)
        whole = file.read_bytes()
        match damage:
            case "empty":
                file.write_bytes(b"")
            case "short":
                file.write_bytes(whole[:-100])
            case "changed":
                file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
            case "another's":
                file.unlink()
                make(start=OTHER, kept=True)
            case _:
                file.unlink()
                file.mkdir()
        model = make(kept=True)
        assert decoder_of(model).decoded > 1
        assert say(model, "good day") == plain["good day"]
        if damage != "folder":
            assert file.read_bytes() == whole
        assert self.files(tmp_path) == [file], "nothing half written is left"
        assert capfd.readouterr() == ("", "")

    def test_a_state_that_llama_refuses_is_read_anew(self, make: Make, plain, tmp_path) -> None:
        model = make(kept=True)
        (file,) = self.files(tmp_path)
        head = len(file.read_bytes()) - len(decoder_of(model)._start_state or b"")
        key = file.read_bytes()[head - 64 : head - 32]
        assert load_start(file, key) == decoder_of(model)._start_state
        save_start(file, key, b"\x01" * 999)
        again = make(kept=True)
        assert decoder_of(again).decoded > 1
        assert say(again, "good day") == plain["good day"]

    def test_a_folder_that_cannot_be_written_costs_only_time(self, path: Path, tmp_path) -> None:
        (tmp_path / "file").write_text("")
        model = LlamaModel(path, threads=1, context_tokens=512, folder=tmp_path / "file" / "x")
        model.load()
        model.keep_start(SYSTEM)
        assert reads(model, "good day") < 30


def test_it_must_be_open_first(path: Path) -> None:
    with pytest.raises(ModelFailed):
        LlamaModel(path, threads=1).keep_start(SYSTEM)
