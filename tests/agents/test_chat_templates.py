"""Prompts and choices with the chat templates of several families of models, on random weights.

The templates are written here in the manner of each family: which roles it has, how a message
begins and ends, and where tools, documents, dates and reasoning come in.
"""

from pathlib import Path

import pytest

from agents.llama import LlamaModel
from agents.model import Message, Role
from tests.agents.tiny_gguf import write_llama

ASK = "{% if add_generation_prompt %}"
FAMILIES = {
    "chatml": (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        + ASK + "<|im_start|>assistant\n{% endif %}"
    ),
    "llama": (
        "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
        "{{ m.content | trim }}<|eot_id|>{% endfor %}"
        + ASK + "<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
    ),
    "gemma": (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
        "{{ raise_exception('System role not supported') }}{% endif %}"
        "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Roles must alternate') }}{% endif %}"
        "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
        "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
        + ASK + "<start_of_turn>model\n{% endif %}"
    ),
    "lfm": (
        "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>"
        "\n{% endfor %}" + ASK + "<|im_start|>assistant\n{% endif %}"
    ),
    "granite": (
        "{% for m in messages %}<|start_of_role|>{{ m.role }}<|end_of_role|>{{ m.content }}"
        "<|end_of_text|>\n{% endfor %}"
        + ASK + "<|start_of_role|>assistant<|end_of_role|>{% endif %}"
    ),
    "qwen with tools and reasoning at will": (
        "{% if tools %}<|im_start|>system\n<tools>{{ tools | tojson }}</tools><|im_end|>{% endif %}"
        "{% set ns = namespace(last=0) %}{% for m in messages[::-1] %}"
        "{% if m.role == 'user' and not m.content.startswith('<tool_response>') and not ns.last %}"
        "{% set ns.last = messages | length - loop.index0 %}{% endif %}{% endfor %}"
        "{% for m in messages %}{% set content = m.content.split('</think>')[-1].lstrip('\n') %}"
        "<|im_start|>{{ m.role }}\n{{ content }}"
        "{% if m.tool_calls %}<tool_call>{{ m.tool_calls | tojson }}</tool_call>{% endif %}"
        "<|im_end|>\n{% endfor %}"
        + ASK + "<|im_start|>assistant\n{% if enable_thinking is defined and not enable_thinking %}"
        "<think>\n\n</think>\n\n{% endif %}{% endif %}"
    ),
    "qwen that always reasons": (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        + ASK + "<|im_start|>assistant\n<think>\n{% endif %}"
    ),
    "llama with tools and a date": (
        "{{ bos_token }}{% if custom_tools is defined %}{% set tools = custom_tools %}{% endif %}"
        "{% if not tools is defined %}{% set tools = none %}{% endif %}"
        "{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}"
        "{% endif %}"
        "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] | trim %}"
        "{% set messages = messages[1:] %}{% else %}{% set system = '' %}{% endif %}"
        "<|start_header_id|>system<|end_header_id|>\n\n"
        "{% if tools is not none %}Environment: ipython {{ tools | tojson(indent=4) }}{% endif %}"
        "Today Date: {{ date_string }}\n\n{{ system }}<|eot_id|>"
        "{% for m in messages %}{% if not (m.role == 'ipython' or 'tool_calls' in m) %}"
        "<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>"
        "{% endif %}{% endfor %}"
        + ASK + "<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
    ),
    "gemma that puts the system into the first turn": (
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
        "{% if messages[0]['content'] is string %}{% set first = messages[0]['content'] + '\n\n' %}"
        "{% else %}{% set first = messages[0]['content'][0]['text'] + '\n\n' %}{% endif %}"
        "{% set turns = messages[1:] %}{% else %}{% set first = '' %}{% set turns = messages %}"
        "{% endif %}{% for m in turns %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Roles must alternate') }}{% endif %}"
        "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
        "{{ first if loop.first else '' }}{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
        + ASK + "<start_of_turn>model\n{% endif %}"
    ),
    "lfm with tools": (
        "{{ bos_token }}{% set ns = namespace(system='') %}{% if messages[0].role == 'system' %}"
        "{% set ns.system = messages[0].content %}{% set messages = messages[1:] %}{% endif %}"
        "{% if tools %}{% set ns.system = ns.system + '\nList of tools: <|tool_list_start|>' %}"
        "{% for tool in tools %}{% set ns.system = ns.system + (tool | tojson) %}{% endfor %}"
        "{% endif %}"
        "{% if ns.system %}<|im_start|>system\n{{ ns.system }}<|im_end|>\n{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is not string %}"
        "{{ m.content | tojson }}{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}"
        + ASK + "<|im_start|>assistant\n{% endif %}"
    ),
    "granite with tools, documents and reasoning": (
        "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}"
        "{% set turns = messages[1:] %}{% else %}{% set turns = messages %}"
        "{% set system = 'Today is ' + strftime_now('%B %d, %Y') + '.' %}"
        "{% if tools and documents %}{% set system = system + ' Use tools.' %}{% endif %}"
        "{% if thinking %}{% set system = system + ' Think in <think></think>.' %}{% endif %}"
        "{% endif %}<|start_of_role|>system<|end_of_role|>{{ system }}<|end_of_text|>\n"
        "{% if tools %}<|start_of_role|>tools<|end_of_role|>{{ tools | tojson }}<|end_of_text|>"
        "{% endif %}"
        "{% if documents %}{% for each in documents %}{{ each.text }}{% endfor %}{% endif %}"
        "{% for m in turns %}<|start_of_role|>{{ m.role }}<|end_of_role|>{{ m.content }}"
        "<|end_of_text|>\n{% endfor %}"
        + ASK + "<|start_of_role|>assistant{% if controls %}{{ controls | tojson }}{% endif %}"
        "<|end_of_role|>{% endif %}"
    ),
}  # fmt: skip
TOOLS = ("tool", "ipython", "null", "none", "undefined")
TURNS = [
    Message(Role.SYSTEM, "be brief"),
    Message(Role.USER, "hello"),
    Message(Role.ASSISTANT, "good day"),
    Message(Role.USER, "pick one"),
]


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LlamaModel:
    return opened(request.param, tmp_path_factory.mktemp("tiny"))


def opened(family: str, folder: Path) -> LlamaModel:
    path = folder / "tiny.gguf"
    write_llama(path, FAMILIES[family])
    model = LlamaModel(path, threads=1, context_tokens=512)
    model.load()
    return model


def test_every_message_is_in_the_prompt_in_its_order(model: LlamaModel) -> None:
    said = shown(model, TURNS)
    places = [said.index(message.content) for message in TURNS]
    assert places == sorted(places)
    assert all(said.count(message.content) == 1 for message in TURNS)


@pytest.mark.parametrize("turns", [TURNS, TURNS[1:], TURNS[:2]])
def test_no_tool_is_told_of_and_no_reasoning_is_asked_for(model: LlamaModel, turns) -> None:
    said = shown(model, turns)
    assert not any(word in said.lower() for word in TOOLS)
    assert said.count("<think>") == said.count("</think>")


@pytest.mark.parametrize("family", [each for each in FAMILIES if each.startswith("qwen ")])
def test_reasoning_is_over_before_the_reply_begins(tmp_path: Path, family: str) -> None:
    assert shown(opened(family, tmp_path), TURNS).endswith("<think>\n\n</think>\n\n")


def test_what_is_said_of_reasoning_stays_what_was_said(model: LlamaModel) -> None:
    turns = [*TURNS[:3], Message(Role.USER, "what is <think>")]
    assert "what is <think>" in shown(model, turns)


def shown(model: LlamaModel, turns: list[Message]) -> str:
    """The whole prompt, without control tokens."""
    assert model._loaded is not None
    text, _ = model._loaded
    return b"".join(text.piece(token) for token in text.prompt(turns)).decode()


def test_the_start_is_the_start_of_every_prompt(model: LlamaModel) -> None:
    assert model._loaded is not None
    text, _ = model._loaded
    start = text.start("be brief")
    assert start
    assert text.prompt(TURNS)[: len(start)] == start


def test_it_replies_and_chooses(model: LlamaModel) -> None:
    model.keep_start("be brief")
    assert list(model.stream(TURNS, max_tokens=3))
    likely = model.choose(TURNS, ["tea", "coffee", "tea pot", "none"])
    assert len(likely) == 4
    assert sum(likely) == pytest.approx(1)
    model.reset()
    assert model.choose(TURNS, ["tea", "coffee", "tea pot", "none"]) == pytest.approx(likely, 1e-3)
