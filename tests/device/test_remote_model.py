"""A whole mind whose model is behind a server on this machine, put together from settings.

Whatever is remembered and not granted, no byte of it reaches the server, in whatever way it is
spoken of.
"""

import contextlib
import json
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from agents.agent import Text
from agents.fake_model import FakeModel
from agents.model import Message
from agents.router import Router
from context import Authentication, Provenance
from context.policy import Grant, Lasts, Principal, Purpose, Sink
from device import assemble
from device.assemble import Engines, assemble_engines, assemble_mind, find_models
from device.clock import SystemClock
from device.doctor import lacking
from device.errors import ModelError, SettingsWrong
from device.mind import Mind
from device.models import Models, load_catalog
from device.settings import Settings, load_settings
from tests.chat_server import chatting
from tests.local_server import LocalServer

KEY, GIFT, CODE, NOTE, LIST, NAME = (
    "zebrawood", "quillwort", "7391", "okapi", "persimmon", "moonrise",
)  # fmt: skip
TOLD = (
    f"Remember that my spare key is under the {KEY}",
    f"Remember that Anna likes {GIFT}",
    f"Remember that my door code is {CODE}",
    f"Take a note: the {NOTE} reads 4512",
    f"Add {LIST} to my shopping list",
    f"When I say {NAME}, set a timer for five minutes",
)
CANARIES = (KEY, GIFT, CODE, NOTE, LIST, NAME)
ASKED = (
    "Where is my spare key?",
    "Is it far?",
    "What should I buy Anna?",
    "And what else would be good for that?",
    "Why do you know that?",
    "What is my door code?",
    "What's on my shopping list?",
    "Read me my notes",
    "What do you remember?",
    "What did you keep today?",
    "Say that again",
    "I wonder what one could give a friend who likes flowers",
    "Tell me a story about the key",
    "What did I just ask you?",
    "I'm boiling eggs, give me a shout in seven minutes",
    "No.",
    "Somebody should really write down that the sky is blue",
    "No.",
    "Which routines do I have?",
    "Forget everything about Anna",
    "no",
    "Why is the sky blue?",
)


class Echo(FakeModel):
    """Says the last thing that it was shown, so that it comes again in the next prompt."""

    def __init__(self) -> None:
        super().__init__(context_tokens=100_000)
        self.load()

    def stream(self, messages: list[Message], **how: object) -> Iterator[str]:
        yield f"{messages[-1].content} "


@pytest.fixture
def server() -> Generator[LocalServer]:
    with chatting(Echo()) as server:
        yield server


@pytest.fixture(scope="module")
def router() -> Router:
    router = Router()
    router.load()
    return router


def settings(url: str, *more: str) -> Settings:
    return load_settings(
        overrides=(
            "think.engine=openai-compatible",
            f"think.url={url}",
            "think.model=tiny",
            "memory.embedder=none",
            *more,
        )
    )


@pytest.fixture
def mind(router, server, tmp_path) -> Generator[Callable[..., Mind]]:
    with contextlib.ExitStack() as opened:

        def make(*more: str, shown_by: Authentication = Authentication.ACCOUNT) -> Mind:
            made = assemble_mind(
                settings(server.url, *("think.allow_http=true", *more)),
                tmp_path / "state",
                present=lambda: shown_by,
                engines=Engines(router, None, None),
            )
            opened.callback(made.close)
            assert made.load() is None
            return made

        (tmp_path / "state").mkdir()
        yield make


def say(mind: Mind, text: str) -> str:
    """The reply to a typed turn, begun and read ahead as a spoken one is, and heard."""
    mind.agent.prepare(text)
    said = ""
    for part in mind.agent.reply(text, said_by=Provenance.OWNER_TYPED):
        if isinstance(part, Text):
            said += part.text
    mind.agent.heard(text, said)
    mind.agent.read_history()
    return said


def sent(server: LocalServer) -> str:
    """All that has reached the server."""
    return "\n".join(
        f"{each.path} {each.query} {each.headers} {each.body.decode()}" for each in server.asked
    )


def egress(tmp_path: Path) -> list[dict[str, object]]:
    lines = (tmp_path / "state" / "memory" / "audit.jsonl").read_text("utf-8").splitlines()
    return [each for each in map(json.loads, lines) if "let_out" in str(each)]


def allow(mind: Mind, place: str, lasts: Lasts = Lasts.ALWAYS) -> None:
    assert mind.mint is not None
    grant = Grant("", place, Principal.OWNER, Purpose.ANSWER, Sink.NETWORK, False, lasts)
    mind.store.grants.give(mind.mint(Authentication.ACCOUNT)(Purpose.REVIEW), grant)


@pytest.mark.parametrize("shown_by", [Authentication.VOICE, Authentication.ACCOUNT])
def test_nothing_remembered_reaches_the_server(mind, server, tmp_path, shown_by) -> None:
    made = mind(shown_by=shown_by)
    for text in TOLD:
        say(made, text)
    assert server.asked == []
    heard = [say(made, text) for text in ASKED]
    heard.append(say(made, NAME))
    told = "\n".join(heard).lower()
    assert (CODE in told) == shown_by.is_present
    assert all(each in told for each in (KEY, GIFT, NOTE, LIST)), "it is known, and told here"
    everything = sent(server)
    for canary in CANARIES:
        assert canary not in everything.lower()
    assert "Why is the sky blue?" in everything
    assert "What should I buy Anna?" in everything
    records = egress(tmp_path)
    assert len(records) == len(server.asked)
    assert all("spoken" in str(each) for each in records)


def test_what_is_granted_may_reach_it_and_the_rest_does_not(mind, server, tmp_path) -> None:
    made = mind()
    for text in TOLD:
        say(made, text)
    allow(made, "owner/general")
    assert KEY in say(made, "Where is my spare key?")
    assert KEY in sent(server)
    assert "granted" in str(egress(tmp_path)[-1])
    for text in ASKED:
        say(made, text)
    everything = sent(server).lower()
    assert GIFT in everything
    for canary in (CODE, NOTE, LIST, NAME):
        assert canary not in everything


def test_what_is_granted_once_leaves_once(mind, server) -> None:
    made = mind()
    say(made, TOLD[0])
    allow(made, "owner/general", Lasts.ONCE)
    allow(made, "owner/notes", Lasts.ONCE)
    assert KEY in say(made, "Where is my spare key?")
    assert sent(server).count(KEY) == 1
    assert KEY in say(made, "Where is my spare key?")
    assert sent(server).count(KEY) == 1
    assert [each.opens for each in made.store.grants.all()] == ["owner/notes"]


def test_what_is_restricted_needs_a_grant_and_more_than_a_voice(mind, server) -> None:
    by_voice = mind(shown_by=Authentication.VOICE)
    say(by_voice, TOLD[2])
    allow(by_voice, "owner/general")
    allow(by_voice, "owner/general/restricted")
    say(by_voice, "What is my door code?")
    assert CODE not in sent(server)
    by_voice.close()
    shown = mind()
    assert CODE in say(shown, "What is my door code?")
    assert CODE in sent(server)
    shown.store.grants.revoke(
        each.id for each in shown.store.grants.all() if "restricted" in each.opens
    )
    server.asked.clear()
    assert CODE in say(shown, "What is my door code?")
    assert CODE not in sent(server)


def test_without_encryption_nothing_leaves_unless_it_is_allowed(mind, server) -> None:
    assert "encrypted" in say(mind("think.allow_http=false"), "Why is the sky blue?")
    assert server.asked == []


def test_the_token_is_of_a_file_that_nobody_else_reads(mind, server, tmp_path) -> None:
    file = tmp_path / "token"
    file.write_text("a-secret-token\n")
    file.chmod(0o644)
    made = mind(f"think.token_file={file}")
    assert "chmod 600" in say(made, "Why is the sky blue?")
    assert server.asked == []
    file.chmod(0o600)
    say(made, "Why is the sky blue?")
    assert server.asked[0].headers["authorization"] == "Bearer a-secret-token"


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("think.url=ftp://x", "think.url"),
        ("think.url=http://me:pass@host", "think.url"),
        ("think.model=''", "think.model"),
        ("think.timeout_s=0", "think.timeout_s"),
    ],
)
def test_settings_that_cannot_be(override: str, named: str) -> None:
    with pytest.raises(SettingsWrong, match=named):
        settings("http://127.0.0.1", override)


def test_it_is_off_unless_a_server_is_named() -> None:
    assert load_settings().think.engine == "llama-cpp"
    with pytest.raises(SettingsWrong, match=r"think\.url"):
        load_settings(overrides=("think.engine=openai-compatible",))


def test_a_private_model_that_is_not_here_is_gone_on_without_and_named(tmp_path) -> None:
    given = settings("http://127.0.0.1", "think.private=smollm2-135m-instruct")
    assert "smollm2-135m-instruct" in given.models()
    nowhere = Models(tmp_path / "none", load_catalog(None))
    assert assemble_engines(given, nowhere, SystemClock(), None).model is None
    (told,) = lacking(given, nowhere)
    assert "run 'lapel models pull smollm2-135m-instruct'" in told
    assert lacking(settings("http://127.0.0.1"), nowhere) == []
    with pytest.raises(ModelError, match="tinier"):
        assemble_engines(
            settings("http://127.0.0.1", "think.private=tinier"), nowhere, SystemClock(), None
        )


@pytest.mark.parametrize(("server_tokens", "here"), [(131072, 4096), (4096, 4096), (512, 512)])
def test_a_private_model_has_no_more_room_than_there_is_memory_for(
    server_tokens: int, here: int, monkeypatch
) -> None:
    opened: list[int] = []

    def model(_path: Path, *, context_tokens: int, **_how: object) -> None:
        opened.append(context_tokens)

    monkeypatch.setattr(assemble, "LlamaModel", model)
    monkeypatch.setattr(assemble, "_gguf", lambda folder, _name: folder)
    monkeypatch.setattr(Models, "present", lambda _models, _name: True)
    monkeypatch.setattr(Models, "path", lambda _models, name: Path(name))
    given = settings(
        "http://127.0.0.1",
        "think.private=smollm2-135m-instruct",
        f"think.context_tokens={server_tokens}",
    )
    assemble_engines(given, find_models(), SystemClock(), None)
    assert opened == [here]


@pytest.mark.engines
def test_a_private_model_answers_here(router, server, tmp_path) -> None:
    given = settings(server.url, "think.allow_http=true", "think.private=smollm2-135m-instruct")
    made = assemble_mind(given, tmp_path, present=lambda: Authentication.ACCOUNT)
    with contextlib.closing(made):
        assert made.load() is None
        for text in TOLD[:2]:
            say(made, text)
        assert KEY in say(made, "Where is my spare key?")
        say(made, "What should I buy Anna?")
        say(made, "I'm boiling eggs, give me a shout in seven minutes")  # the model chooses a tool
        assert server.asked == []
        made.agent.start_over()
        assert "sky" in say(made, "Why is the sky blue?")
        assert len(server.asked) == 1
    assert GIFT not in sent(server)
