"""A model behind a server: what is sent, what is not, and what goes wrong."""

import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from agents.agent import BROKE_OFF, NO_MODEL, STILL_WORKS
from agents.egress import Code, Gate, Outlet, Verdict
from agents.egress_client import Server
from agents.fake_model import FakeModel
from agents.model import ChatModel, Message, ModelFailed, Role, ServerFailed
from agents.remote import TOOL, RemoteModel
from agents.remote_or_local import RemoteOrLocal
from context.items import Provenance
from context.labels import BOTTOM, Label, Trust
from context.policy import OWNER_GENERAL
from tests.chat_server import END, HEAD, PATH, chatting, event, remote_model
from tests.local_server import Answer, Asked, LocalServer, serving

SOON_S = 0.4
REMEMBERED = Label(frozenset({OWNER_GENERAL}), Trust.OWNER)
OTHERS = Label(frozenset(), Trust.OVERHEARD)
ASK = [Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Why is the sky blue?")]


def loaded(model: RemoteModel) -> RemoteModel:
    model.load()
    return model


def said(model: ChatModel, label: Label = BOTTOM, max_tokens: int = 20) -> str:
    return "".join(model.stream(ASK, max_tokens=max_tokens, label=label))


def answering(*raw: bytes) -> Callable[[Asked], None]:
    """A handler that writes these bytes and closes the connection."""

    def handler(asked: Asked) -> None:
        asked.out.write(b"".join(raw))

    return handler


class TestWhatIsSent:
    @pytest.mark.parametrize("base", ["", "/", "/v1", "/v1/"])
    def test_a_request(self, base: str) -> None:
        with chatting(loaded_fake("Scattered light.")) as server:
            model = loaded(remote_model(f"{server.url}{base}", token="secret"))
            assert said(model) == "Scattered light."
        (asked,) = server.asked
        assert (asked.method, asked.path) == ("POST", PATH)
        assert asked.headers["authorization"] == "Bearer secret"
        body = asked.json()
        assert body["messages"] == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Why is the sky blue?"},
        ]
        assert (body["model"], body["max_tokens"], body["stream"]) == ("tiny", 20, True)

    def test_nothing_is_sent_before_there_is_a_reply_to_make(self) -> None:
        with chatting(loaded_fake()) as server:
            model = loaded(remote_model(server.url))
            model.keep_start("Be brief.")
            assert list(model.stream(ASK, max_tokens=0, label=BOTTOM)) == []
            model.share_cores(True)
            model.reset()
            assert model.choose(ASK, ["only one"], label=BOTTOM) == [1.0]
            _ = model.stream(ASK, max_tokens=5, label=BOTTOM)  # not begun
            assert model.takes(BOTTOM)
        assert server.asked == []

    @pytest.mark.parametrize("label", [REMEMBERED, OTHERS])
    def test_what_may_not_leave_opens_no_socket(self, label: Label) -> None:
        noted: list[Verdict] = []
        with chatting(loaded_fake()) as server:
            model = loaded(remote_model(server.url, note=lambda _, v: noted.append(v)))
            assert not model.takes(label)
            assert noted == []
            with pytest.raises(ServerFailed):
                said(model, label)
            with pytest.raises(ServerFailed):
                model.choose(ASK, ["a", "b"], label=label)
        assert server.asked == []
        assert [each.allowed for each in noted] == [False, False]

    def test_what_was_granted_leaves_and_each_time_is_noted(self) -> None:
        noted: list[tuple[str, Verdict]] = []
        with chatting(loaded_fake("Fine.")) as server:
            model = loaded(
                remote_model(
                    server.url,
                    note=lambda tool, verdict: noted.append((tool, verdict)),
                    cleared=lambda wanted, _use: wanted,
                )
            )
            assert model.takes(REMEMBERED)
            assert said(model, REMEMBERED) == "Fine."
        assert [(tool, verdict.code.value) for tool, verdict in noted] == [("think", "granted")]


class TestReplies:
    def test_reasoning_is_not_said(self) -> None:
        reply = answering(
            HEAD,
            event(None, reasoning_content="The user wants"),
            event("<thi"), event("nk>hm"), event("</think>"), event("Blue"), event(" light."),
            END,
        )  # fmt: skip
        with serving(reply) as server:
            assert said(loaded(remote_model(server.url))) == "Blue light."

    def test_comments_and_other_fields_are_passed_over(self) -> None:
        usage = b'data: {"choices": [], "usage": {"total_tokens": 3}}\n\n'
        reply = answering(HEAD, b": ping\n\nevent: x\nid: 7\n", event("Blue"), usage, END)
        with serving(reply) as server:
            assert said(loaded(remote_model(server.url))) == "Blue"

    def test_it_ends_by_either_sign(self) -> None:
        for end in (event(finish="length"), b"data: [DONE]\n\n"):
            with serving(answering(HEAD, event("Blue"), end)) as server:
                assert said(loaded(remote_model(server.url))) == "Blue"

    def test_a_reply_without_end_is_ended_here(self) -> None:
        gone = threading.Event()

        def endless(asked: Asked) -> None:
            asked.out.write(HEAD)
            try:
                while True:
                    asked.out.write(event("more "))
            except OSError:
                gone.set()

        with serving(endless) as server:
            assert said(loaded(remote_model(server.url)), max_tokens=7) == "more " * 7
            assert gone.wait(10)

    def test_a_piece_without_end_is_cut(self) -> None:
        with serving(answering(HEAD, event("x" * 100_000), END)) as server:
            assert 0 < len(said(loaded(remote_model(server.url)), max_tokens=5)) <= 5 * 64

    def test_stop_closes_the_connection_while_nothing_comes(self) -> None:
        gone, begun = threading.Event(), threading.Event()

        def silent(asked: Asked) -> None:
            asked.out.write(HEAD)
            begun.set()
            try:
                while not gone.wait(0.01):
                    asked.out.write(b": wait\n")
            except OSError:
                gone.set()

        with serving(silent) as server:
            model = loaded(remote_model(server.url))
            assert list(model.stream(ASK, max_tokens=9, label=BOTTOM, stop=begun.is_set)) == []
            assert gone.wait(10)


class TestChoosing:
    def test_the_server_is_asked_for_one_of_them(self) -> None:
        with chatting(loaded_fake(choices=["tea"])) as server:
            likely = loaded(remote_model(server.url)).choose(
                ASK, ["coffee", "tea", "none"], label=BOTTOM
            )
        assert likely == pytest.approx([0.05, 0.9, 0.05])
        schema = server.asked[0].json()["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["choice"]["enum"] == ["coffee", "tea", "none"]

    @pytest.mark.parametrize(
        "reply", ['{"choice": "milk"}', "I would take tea.", "{", "[1]", "", '{"choice": 3}']
    )
    def test_what_is_none_of_them_leaves_it_to_the_examples(self, reply: str) -> None:
        with serving(answering(HEAD, event(reply), END)) as server:
            likely = loaded(remote_model(server.url)).choose(ASK, ["coffee", "tea"], label=BOTTOM)
        assert likely == [0.5, 0.5]

    @pytest.mark.parametrize("status", [400, 422, 500])
    def test_a_server_that_cannot_constrain_leaves_it_to_the_examples(self, status: int) -> None:
        with serving(lambda _: Answer(status=status)) as server:
            model = loaded(remote_model(server.url))
            assert model.choose(ASK, ["coffee", "tea"], label=BOTTOM) == [0.5, 0.5]

    def test_bare_text_that_is_one_of_them_will_do(self) -> None:
        with serving(answering(HEAD, event(" tea\n"), END)) as server:
            likely = loaded(remote_model(server.url)).choose(ASK, ["coffee", "tea"], label=BOTTOM)
        assert likely[1] > likely[0]

    def test_a_server_that_fails_is_no_choice(self) -> None:
        with serving(lambda _: Answer(status=503)) as server, pytest.raises(ModelFailed):
            loaded(remote_model(server.url)).choose(ASK, ["coffee", "tea"], label=BOTTOM)


def drips(asked: Asked) -> None:
    asked.out.write(HEAD)
    try:
        while True:
            asked.out.write(b": ping\n")
            threading.Event().wait(0.02)
    except OSError:
        pass


WRONG: dict[str, tuple[Callable[[Asked], Answer | None], str]] = {
    "401": (lambda _: Answer(status=401), "token"),
    "404": (lambda _: Answer({"error": "no such model"}, status=404), "think.model"),
    "500": (lambda _: Answer(status=500), "500"),
    "elsewhere": (lambda _: Answer(status=307, headers={"Location": "/x"}), "another address"),
    "slow": (drips, "too long"),
    "no events": (lambda _: Answer(b"<html>Welcome</html>"), "broke off"),
    "rubbish": (answering(HEAD, b"data: {\n\n"), "can't read"),
    "other json": (answering(HEAD, b'data: [1, "sky"]\n\n'), "can't read"),
    "deep": (answering(HEAD, b"data: " + b"[" * 100_000 + b"\n\n"), "can't read"),
    "bytes": (answering(HEAD, b"data: \xff\xfe\x00\n\n"), "can't read"),
    "its own error": (answering(HEAD, b'data: {"error": {"message": "sky"}}\n\n'), "error of its"),
    "nothing": (answering(HEAD), "broke off"),
    "dies": (answering(HEAD, event("Because ")), "broke off"),
}


@pytest.fixture(params=WRONG)
def wrong(request: pytest.FixtureRequest) -> Iterator[tuple[LocalServer, RemoteModel, str]]:
    handler, expected = WRONG[request.param]
    # Only what is meant to be too slow may be: the others answer at once, on a loaded machine
    # too, if they are given the time.
    patience = {"timeout_s": SOON_S} if request.param == "slow" else {}
    with serving(handler) as server:
        yield server, remote_model(server.url, **patience), expected


def test_what_goes_wrong_is_said_and_commands_go_on(talk, wrong) -> None:
    server, model, expected = wrong
    conversation = talk(model)
    heard = conversation.say("Why is the sky blue?")
    assert expected in heard
    assert "sky" not in heard
    assert heard not in (NO_MODEL, BROKE_OFF)
    assert conversation.say("Set a timer for 5 minutes") == "Timer set for 5 minutes."
    assert conversation.say("Remember that my car is on level 3").startswith("I'll remember")
    assert "level 3" in conversation.say("Where is my car?")
    # What broke off is not part of the conversation.
    sent = len(server.asked)
    assert expected in conversation.say("Why is water wet?")
    assert len(server.asked) == sent + 1
    assert [each["role"] for each in server.asked[-1].json()["messages"]] == ["system", "user"]


def test_a_server_that_is_down_is_said(talk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        heard = talk(remote_model(f"http://127.0.0.1:{taken.getsockname()[1]}")).say(
            "Is water wet?"
        )
    assert heard == f"I can't reach the language model's server. {STILL_WORKS}"


def test_what_a_server_says_is_in_no_error(caplog) -> None:
    with (
        serving(answering(HEAD, b'data: {"choices": "a secret word"}\n\n')) as server,
        pytest.raises(ServerFailed) as failed,
    ):
        said(loaded(remote_model(server.url)))
    seen: BaseException | None = failed.value
    while seen is not None:
        assert "secret" not in str(seen)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    assert "secret" not in caplog.text


class TestWhatIsRemembered:
    def test_it_is_told_in_the_owners_words_and_left_out_of_all_that_is_sent(self, talk) -> None:
        with chatting(Echo()) as server:
            conversation = talk(remote_model(server.url))
            conversation.say("Remember that my car is on level 3")
            conversation.say("Remember that Anna likes tulips")
            assert "level 3" in conversation.say("Where is my car?")
            assert server.asked == []
            conversation.say("What should I buy Anna?")
            conversation.say("Why do people like that?")
        sent = [each.body for each in server.asked]
        assert b"What should I buy Anna?" in sent[0]
        assert b"Why do people like that?" in sent[-1]
        assert not any(b"tulips" in each or b"level 3" in each for each in sent)

    def test_words_that_are_not_the_owners_stay(self, talk) -> None:
        with chatting(Echo()) as server:
            agent = talk(remote_model(server.url)).agent
            list(agent.reply("Why is the sky blue?", said_by=Provenance.OVERHEARD))
        assert server.asked == []

    def test_a_model_here_answers_what_may_not_leave(self, talk) -> None:
        local = FakeModel(["Your car is on level 3.", "Tulips."])
        with chatting(loaded_fake("Scattered light.", "Salt.")) as server:
            conversation = talk(RemoteOrLocal(remote_model(server.url), local))
            conversation.say("Remember that my car is on level 3")
            conversation.say("Remember that Anna likes tulips")
            assert conversation.say("Why is the sky blue?") == "Scattered light."
            assert local.prompts == []
            assert conversation.say("Where is my car?") == "Your car is on level 3."
            assert conversation.say("What should I buy Anna?") == "Tulips."
            assert len(local.prompts) == 2
            assert len(server.asked) == 1
            conversation.agent.start_over()
            assert conversation.say("Why is the sea salt?") == "Salt."
        sent = json.dumps([each.json() for each in server.asked])
        assert "level" not in sent
        assert "Anna" not in sent

    @pytest.mark.parametrize(
        ("code", "outlets"),
        [
            (Code.NOT_SET_UP, {}),
            (Code.OTHER_HOST, {TOOL: Outlet(frozenset({("other.example", 443)}), plain=True)}),
            (Code.NOT_ENCRYPTED, {TOOL: Outlet(frozenset({("192.168.1.9", 80)}))}),
        ],
    )
    def test_what_is_wrong_with_the_settings_is_said_and_not_stood_in_for(
        self, talk, code: Code, outlets: dict[str, Outlet]
    ) -> None:
        local = FakeModel(["From here."])
        gate = Gate(outlets, lambda _tool, _verdict: None)
        remote = RemoteModel("tiny", Server("http://192.168.1.9"), gate, context_tokens=2048)
        conversation = talk(RemoteOrLocal(remote, local))
        assert code.sentence in conversation.say("Why is the sky blue?")
        assert local.prompts == []
        conversation.say("Remember that Anna likes tulips")
        assert conversation.say("What should I buy Anna?") == "From here."  # it never may leave

    def test_a_prompt_is_as_long_as_the_server_takes_and_shorter_here(self) -> None:
        local = FakeModel(["From here.", "Again."], context_tokens=70)
        with chatting(loaded_fake("Fine.", context_tokens=1000)) as server:
            model = RemoteOrLocal(remote_model(server.url, context_tokens=1000), local)
            model.load()
            assert model.context_tokens == 1000
            talked = [
                Message(role, f"{n} {'word ' * 9}")
                for n in range(4)
                for role in (Role.USER, Role.ASSISTANT)
            ]
            whole = [ASK[0], *talked, ASK[1]]
            assert "".join(model.stream(whole, max_tokens=5, label=BOTTOM)) == "Fine."
            assert len(server.asked[0].json()["messages"]) == len(whole)
            assert "".join(model.stream(whole, max_tokens=5, label=REMEMBERED)) == "From here."
            assert "".join(model.stream(ASK, max_tokens=5, label=REMEMBERED)) == "Again."
        assert local.prompts == [[ASK[0], *talked[6:], ASK[1]], ASK]


class Echo(FakeModel):
    """Says all that it was shown."""

    def __init__(self) -> None:
        super().__init__(context_tokens=100_000)
        self.load()

    def stream(self, messages: list[Message], **how: object) -> Iterator[str]:
        yield from (f"{message.content} " for message in messages)


def loaded_fake(
    *replies: str, choices: list[str] | None = None, context_tokens: int = 2048
) -> FakeModel:
    model = FakeModel(replies, choices=choices or [], context_tokens=context_tokens)
    model.load()
    return model
