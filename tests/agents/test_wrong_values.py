"""What is wrong with what was written: told by its key as a person writes it, in plain words."""

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.wrong_values import wrong_values


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Program(_Strict):
    engine: Literal["stdio"] = "stdio"
    command: str
    args: tuple[str, ...] = ()


class Web(_Strict):
    engine: Literal["http"] = "http"
    url: str = Field(pattern="^https://", description="an address as https://host")
    code: str = Field(default="a", pattern="^[a-z]$")


Name = Annotated[
    str, Field(pattern="^[a-z]+$", max_length=8, description="small letters and nothing else")
]


class Whole(_Strict):
    servers: dict[Name, Annotated[Program | Web, Field(discriminator="engine")]] = {}
    pair: tuple[int, str] = (1, "a")
    either: int | Program | None = None


def told(values: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as wrong:
        Whole.model_validate(values)
    return "; ".join(wrong_values(wrong.value, Whole, "the settings"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"http": {"engine": "stdio"}}, "servers.http.command is needed"),
        ({"stdio": {"engine": "http", "url": "x"}},
         "servers.stdio.url has to be an address as https://host"),
        ({"http": {"engine": "http", "url": "https://a", "codes": 1}},
         "there is no servers.http.codes, but code"),
        ({"http": {"engine": "ftp"}}, "servers.http.engine has to be 'stdio' or 'http'"),
        ({"command": {"url": "x"}}, "servers.command needs its engine, 'stdio' or 'http'"),
        ({"Two": {"engine": "http", "url": "https://a"}},
         "servers.Two: its name has to be small letters and nothing else"),
        ({"fartoolong": {"engine": "http", "url": "https://a"}},
         "servers.fartoolong: its name is too long: characters, at most 8"),
        ({"a": {"engine": "stdio", "command": "x", "args": ["y", 1]}},
         'servers.a.args.1 has to be text, in quotes: "…"'),
        ({"a": {"engine": "http", "url": "https://a", "code": "SECRET"}},
         "servers.a.code has to be written otherwise"),
    ],
)  # fmt: skip
def test_a_key_is_named_as_it_is_written(values: dict[str, Any], says: str) -> None:
    assert told({"servers": values}) == says


def test_places_in_a_list_and_choices_between_kinds() -> None:
    assert told({"pair": [1, 2]}) == 'pair.1 has to be text, in quotes: "…"'
    assert told({"either": {"engine": "stdio"}}) == (
        "either has to be a whole number; either.command is needed"
    )


@given(st.text(max_size=12), st.sampled_from(["http", "stdio", "nothing"]))
def test_no_word_of_the_library_and_no_expression_is_in_it(name: str, engine: str) -> None:
    servers = {name: {"engine": engine, "code": "A1"}}
    try:
        Whole.model_validate({"servers": servers})
    except ValidationError as error:
        for each in wrong_values(error, Whole, "the settings"):
            said = each.replace(name, "")
            assert "[key]" not in said
            assert "^" not in said
            assert "A1" not in said
