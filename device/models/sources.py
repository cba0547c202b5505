"""Where a file of a model can come from, written as one string.

    hf:owner/repo/folder/file@revision     a file on the model hub
    pypi:name==version!folder/member       a member of a wheel on the user's own package index
    file:/absolute/path                    a file on this machine
    https://host/path                      anything else; http:// is for this machine only

Parts joined with ` + ` are concatenated, in order, into one file. Nothing here touches the
network; a string that cannot be meant well is refused where it is read.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from device.errors import ModelError

JOIN = " + "
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PYPI = re.compile(rf"(?P<name>{_NAME})==(?P<version>[A-Za-z0-9][A-Za-z0-9.+!_-]*?)!(?P<member>.+)")
_HUB = re.compile(rf"(?P<owner>{_NAME})/(?P<repo>{_NAME})/(?P<path>.+)@(?P<revision>[^@]+)")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository on the model hub, at a revision (a commit, tag or branch)."""

    owner: str
    repo: str
    path: str
    revision: str

    def __str__(self) -> str:
        return f"hf:{self.owner}/{self.repo}/{self.path}@{self.revision}"


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A member of the wheel of one exact release; the wheel is data, and is never installed."""

    name: str
    version: str
    member: str

    @property
    def requirement(self) -> str:
        """The release, as pip writes it."""
        return f"{self.name}=={self.version}"

    def __str__(self) -> str:
        return f"pypi:{self.requirement}!{self.member}"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this machine, by its absolute path."""

    path: str

    def __str__(self) -> str:
        return f"file:{self.path}"


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file behind an address."""

    url: str

    def __str__(self) -> str:
        return self.url


Part = HubFile | WheelMember | LocalFile | WebFile


def parse_source(text: str) -> tuple[Part, ...]:
    """Read a source: its parts, in the order in which they make the file.

    Raises ModelError for anything that is not one of the forms above, and for any path that
    would leave its repository, wheel or folder.
    """
    return tuple(_parse_part(part) for part in text.split(JOIN))


def format_source(parts: tuple[Part, ...]) -> str:
    """Write a source so that `parse_source` reads the same parts."""
    return JOIN.join(str(part) for part in parts)


def is_safe_path(path: str) -> bool:
    """Say whether a relative path stays where it starts and means the same everywhere.

    Refused: absolute paths, `.` and `..` and empty steps, backslashes, drive letters, control
    characters, and spaces at either end.
    """
    steps = path.split("/")
    return (
        path.isprintable()
        and path == path.strip()
        and not any(character in path for character in '\\:"')
        and all(step not in {"", ".", ".."} for step in steps)
    )


def _parse_part(text: str) -> Part:
    kind, _, rest = text.partition(":")
    if not text.isprintable() or text != text.strip():
        raise _refused(text, "it holds characters that cannot be seen")
    match kind:
        case "hf":
            return _parse_hub(text, rest)
        case "pypi":
            return _parse_wheel(text, rest)
        case "file":
            if not rest.startswith("/") or JOIN in rest:
                raise _refused(text, "a file is named by its absolute path: file:/path")
            return LocalFile(rest)
        case "https" | "http":
            return _parse_web(text)
        case _:
            raise _refused(text, "it starts with none of hf: pypi: file: https:")


def _parse_hub(text: str, rest: str) -> HubFile:
    found = _HUB.fullmatch(rest)
    if found is None:
        raise _refused(text, "the form is hf:owner/repo/path/file@revision")
    part = HubFile(found["owner"], found["repo"], found["path"], found["revision"])
    if not is_safe_path(part.path) or not is_safe_path(part.revision):
        raise _refused(text, "its path leaves the repository")
    return part


def _parse_wheel(text: str, rest: str) -> WheelMember:
    found = _PYPI.fullmatch(rest)
    if found is None:
        raise _refused(text, "the form is pypi:name==version!member")
    part = WheelMember(found["name"], found["version"], found["member"])
    if not is_safe_path(part.member):
        raise _refused(text, "its member leaves the wheel")
    return part


def _parse_web(text: str) -> WebFile:
    try:
        url = urlsplit(text)
        host = url.hostname
    except ValueError as error:
        raise _refused(text, "the address cannot be read") from error
    if not host or " " in text:
        raise _refused(text, "the address has no host")
    if url.scheme == "http" and host not in _LOOPBACK:
        raise _refused(text, "http:// is only for this machine; use https://")
    return WebFile(text)


def _refused(text: str, why: str) -> ModelError:
    return ModelError(f"the source {text!r} cannot be used: {why}")
