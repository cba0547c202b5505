"""The models on this device: which are here, and how they come and go."""

import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from device.errors import ModelDamaged, ModelError, ModelMissing
from device.models.add import describe, describe_entry, write_down
from device.models.catalog import Catalog, Entry, Use, load_catalog
from device.models.disk import FreeBytes, Progress, free_bytes, private_dir, writing
from device.models.fetch import Fetcher
from device.models.pull import AskIndex, Puller
from device.models.verified import Damage, full_damage, quick_damage, size_damage
from device.models.wheel import ask_index


def quiet(label: str, done: int, total: int, /) -> None:
    """Take note of nothing: the progress of who does not want any."""


class Models:
    """The folder of models, one folder each, against the catalog that says what is in them.

    Making one touches no disk. `free` (bytes free in a folder's file system) and `ask` (where a
    release's wheel is) are the outside world, and replaceable.
    """

    def __init__(
        self,
        folder: Path,
        catalog: Catalog,
        *,
        free: FreeBytes = free_bytes,
        ask: AskIndex = ask_index,
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._free = free
        self._ask = ask

    @property
    def catalog(self) -> Catalog:
        """The models there can be."""
        return self._catalog

    def path(self, name: str) -> Path:
        """Return the folder of a model, all of whose files are here.

        Cheap at every start but the first after a change: sizes and times are looked at, and
        bytes are hashed only when a file is not the one that was verified. Raises ModelMissing,
        ModelDamaged, or ModelError for a name that is in no catalog.
        """
        entry = self._catalog.entry(name)
        folder = self._folder / name
        for file in entry.files:
            with _reading(folder / file.path):
                damage = quick_damage(folder, file)
            if damage is None:
                continue
            kind = ModelMissing if damage.missing else ModelDamaged
            raise kind(f"the model {name}: {damage.problem}; run: lapel models pull {name}")
        return folder

    def present(self, name: str) -> bool:
        """Say whether every file of a model is here with its right size. Hashes nothing.

        Raises ModelError for a name that is in no catalog.
        """
        entry = self._catalog.entry(name)
        folder = self._folder / name
        with _reading(folder):
            return not any(size_damage(folder, file) for file in entry.files)

    def verify(self, name: str, progress: Progress = quiet) -> list[Damage]:
        """Hash every file of a model and return what is wrong; pull it again to repair it.

        Raises ModelError for a name that is in no catalog, or a file that cannot be read.
        """
        entry = self._catalog.entry(name)
        folder = self._folder / name
        found: list[Damage] = []
        for file in entry.files:
            with _reading(folder / file.path):
                damage = full_damage(
                    folder,
                    file,
                    lambda done, file=file: progress(f"{name}/{file.path}", done, file.bytes),
                )
            found += [damage] if damage else []
        return found

    def pull(self, name: str, progress: Progress = quiet) -> None:
        """Fetch what is missing or damaged of a model; do nothing when all is well.

        Waits, and says so, while another process pulls the same model. What a pull that was cut
        short has fetched is kept and taken up. Raises PullFailed with every source's reason,
        DiskFull, or ModelError.
        """
        entry = self._catalog.entry(name)
        with self._locked(name, progress):
            fetcher = Fetcher(progress, self._free)
            folder = self._folder / name
            Puller(entry, folder, fetcher, self._ask, progress, self._free).run()

    def remove(self, name: str) -> int:
        """Delete a model's folder, and return the bytes that this frees.

        Raises ModelMissing when there is nothing to delete.
        """
        self._catalog.entry(name)
        folder = self._folder / name
        if not folder.is_dir():
            raise ModelMissing(f"the model {name} is not here, so there is nothing to remove")
        with self._locked(name, quiet), writing(folder):
            freed = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
            shutil.rmtree(folder)
        return freed

    def add(
        self,
        *sources: str,
        use: Use,
        name: str | None = None,
        licence: str = "unknown",
        about: str = "",
        ram_mb: int = 0,
        languages: Sequence[str] = (),
        progress: Progress = quiet,
    ) -> Entry:
        """Write a model of the user's own, one source a file, into `models.toml`.

        `hf:` sources take the digest that the hub publishes, `file:` sources are hashed; nothing
        is pulled yet. Raises ModelError, or PullFailed when the hub does not answer.
        """
        fetcher = Fetcher(progress, self._free)
        scratch = self._folder / ".adding"
        try:
            files = [describe(source, fetcher, scratch) for source in sources]
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        entry = describe_entry(
            files,
            use,
            name=name,
            licence=licence,
            about=about,
            ram_mb=ram_mb,
            languages=languages,
        )
        write_down(entry, self._catalog)
        self._catalog = load_catalog(self._catalog.user_file)
        return entry

    @contextmanager
    def _locked(self, name: str, progress: Progress) -> Generator[None]:
        private_dir(self._folder)
        # Beside the model's folder, not in it: removing a model leaves its lock alone.
        path = self._folder / f".{name}.lock"
        lock = FileLock(path, mode=0o600)
        with writing(path):
            try:
                lock.acquire(timeout=0)
            except Timeout:
                progress(f"another process is at work on {name}; waiting for it", 0, 0)
                lock.acquire()
        try:
            yield
        finally:
            lock.release()


@contextmanager
def _reading(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
