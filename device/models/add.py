"""Write a user's own model down in `models.toml`, with the digest that will be demanded of it."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from device.errors import ModelError, PullFailed
from device.models.catalog import Catalog, Entry, ModelFile, Use, slug, to_toml
from device.models.disk import private_dir, private_fd, replace_durably, sha256_of, writing
from device.models.fetch import Fetcher
from device.models.hub import hub_url, published
from device.models.sources import HubFile, LocalFile, format_source, parse_source


def describe(source: str, fetcher: Fetcher, scratch: Path) -> ModelFile:
    """Find the size and sha256 of a source's file.

    From the hub comes the digest that it publishes; the small files for which it publishes none
    are fetched and hashed. A file on this machine is hashed. Raises ModelError for other sources,
    of which nobody says the digest, and PullFailed when the hub does not answer.
    """
    match parse_source(source):
        case (HubFile() as part,):
            said = published(part)
            sha256 = said.sha256
            if sha256 is None:
                private_dir(scratch)
                into = scratch / "file"
                fetcher.fetch(hub_url(part), into, label=part.path, sha256=None, size=said.size)
                sha256 = sha256_of(into)
                into.unlink()
            return _file(part.path, said.size, sha256, format_source((part,)))
        case (LocalFile(path) as part,):
            try:
                size, sha256 = Path(path).stat().st_size, sha256_of(Path(path))
            except OSError as error:
                raise PullFailed(f"{path} cannot be read: {error.strerror or error}") from error
            return _file(path, size, sha256, format_source((part,)))
        case _:
            raise ModelError(
                f"nobody publishes the digest of {source}; add hf: and file: sources this way, "
                "and write others into models.toml with their sha256"
            )


def describe_entry(
    files: Sequence[ModelFile],
    use: Use,
    *,
    name: str | None,
    licence: str,
    about: str,
    ram_mb: int,
    languages: Sequence[str],
) -> Entry:
    """Make an entry, named after its first file if it has no name. Raises ModelError."""
    try:
        return Entry(
            name=name or slug(Path(files[0].path).stem),
            use=use,
            licence=licence,
            about=about or f"added from {files[0].sources[0]}",
            ram_mb=ram_mb,
            languages=tuple(languages),
            files=tuple(files),
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ModelError(f"this model cannot be added: {where}: {first['msg']}") from error


def write_down(entry: Entry, catalog: Catalog) -> Path:
    """Append an entry to the user's `models.toml`, and leave the rest of that file as it is.

    Raises ModelError when there is no such file to write, or the name is taken.
    """
    path = catalog.user_file
    if path is None:
        raise ModelError("there is no models.toml to write to")
    if entry.name in catalog.entries:
        raise ModelError(f"there is a model called {entry.name!r} already; give another --name")
    private_dir(path.parent)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    gap = "\n" if before else ""
    temporary = path.with_name(f".{path.name}.new")
    with writing(path):
        with open(temporary, "w", encoding="utf-8", opener=private_fd) as file:
            file.write(before.rstrip("\n") + gap * 2 + to_toml(entry))
        replace_durably(temporary, path)
    return path


def _file(path: str, size: int, sha256: str, source: str) -> ModelFile:
    try:
        return ModelFile(path=Path(path).name, bytes=size, sha256=sha256, sources=(source,))
    except ValidationError as error:
        raise ModelError(f"{Path(path).name!r} cannot be a file's name in a model") from error
