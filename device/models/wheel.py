"""Wheels as data: ask the user's own package index for one, and read members out of it.

The index is whatever pip is configured with (mirrors, proxies, find-links), so pip is asked where
the wheel is; the download is ours, because it can then be resumed. Nothing in a wheel is ever
installed or imported, and no path that a wheel names is ever written to.
"""

import importlib.util
import stat
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from device.errors import PullFailed
from device.models.disk import BLOCK

_PIP_SECONDS = 300
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


@dataclass(frozen=True, slots=True)
class Wheel:
    """Where a wheel is (an https, http or file address), and its sha256 if the index says it."""

    url: str
    sha256: str | None


class _Archive(BaseModel):
    hashes: dict[str, str] = {}


class _Download(BaseModel):
    url: str
    archive_info: _Archive = _Archive()


class _Item(BaseModel):
    download_info: _Download


class _Report(BaseModel):
    """The part of pip's installation report (version 1) that is used here."""

    install: Annotated[list[_Item], Field(min_length=1, max_length=1)]


def ask_index(requirement: str) -> Wheel:
    """Ask pip where the wheel of `name==version` is. Nothing is installed.

    Raises PullFailed when pip is missing, finds no such wheel, or cannot reach its index.
    """
    if importlib.util.find_spec("pip") is None:
        raise PullFailed(f"pip is not in this environment; run: {sys.executable} -m ensurepip")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-input"]
    command += ["--ignore-installed", "--ignore-requires-python", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--quiet", "--report", "-", requirement]
    # Without fast-deps pip fetches the whole wheel only to read its metadata, on indexes that do
    # not serve that apart. It is experimental and asks more of an index, so plain pip has the
    # last word.
    done = _run([*command, "--use-feature=fast-deps"])
    if done.returncode:
        done = _run(command)
    if done.returncode:
        raise PullFailed(f"pip: {_last_error(done.stderr)}")
    try:
        found = _Report.model_validate_json(done.stdout).install[0].download_info
    except ValidationError as error:
        raise PullFailed("pip's report cannot be read; update it: pip install -U pip") from error
    return Wheel(found.url, found.archive_info.hashes.get("sha256"))


def read_member(wheel: Path, member: str, *, most: int) -> Iterator[bytes]:
    """Yield the bytes of one member, block by block.

    Raises PullFailed when the wheel is broken, when the member is absent, ambiguous, not a plain
    file, or says that it is longer than `most` bytes.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = _plain_member(archive, member, most)
            with archive.open(info) as file:
                while block := file.read(BLOCK):
                    yield block
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise PullFailed(f"{wheel.name} is broken: {error}") from error


def _plain_member(archive: zipfile.ZipFile, member: str, most: int) -> zipfile.ZipInfo:
    found = [info for info in archive.infolist() if info.filename == member]
    if len(found) != 1:
        raise PullFailed(f"the wheel holds {len(found)} members called {member}")
    info = found[0]
    # A zip made on Unix keeps the file's type in the high half; 0 is none said.
    kind = stat.S_IFMT(info.external_attr >> 16)
    if info.is_dir() or kind not in {0, stat.S_IFREG}:
        raise PullFailed(f"{member} is not a plain file in the wheel")
    if info.flag_bits & 1 or info.compress_type not in _READABLE:
        raise PullFailed(f"{member} is encrypted, or packed in a way no wheel is")
    if info.file_size > most:
        raise PullFailed(f"{member} has {info.file_size} bytes where {most} are expected at most")
    return info


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PIP_SECONDS,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired as error:
        raise PullFailed(f"pip found nothing in {_PIP_SECONDS} s") from error


def _last_error(stderr: str) -> str:
    errors = [line for line in stderr.splitlines() if line.startswith("ERROR:")]
    said = errors[-1].removeprefix("ERROR:").strip() if errors else "it failed and says nothing"
    return said[:300]
