"""The model hub: the address of a file there, and the digest that the hub publishes for it.

Both honour HF_ENDPOINT, for a mirror. The hub's own client would also tell it the Python and
library versions and what program drives them; the one question asked here tells it nothing of
that, and sends no token.
"""

import os
from typing import Annotated
from urllib.parse import quote

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from device.errors import PullFailed
from device.models.catalog import Sha256
from device.models.sources import HubFile


class _Lfs(BaseModel):
    oid: Sha256


class Published(BaseModel):
    """What the hub says of a file: its bytes, and its sha256 where it keeps one (large files)."""

    size: Annotated[int, Field(ge=0)]
    lfs: _Lfs | None = None

    @property
    def sha256(self) -> str | None:
        """The digest, or None: a small file is kept in git, which hashes it in another way."""
        return None if self.lfs is None else self.lfs.oid


_REPLY = TypeAdapter(Annotated[list[Published], Field(min_length=1, max_length=1)])


def hub_url(file: HubFile) -> str:
    """Return the address of a file on the hub."""
    from huggingface_hub import hf_hub_url

    return hf_hub_url(
        f"{file.owner}/{file.repo}",
        file.path,
        revision=file.revision,
        endpoint=os.environ.get("HF_ENDPOINT"),
    )


def published(file: HubFile) -> Published:
    """Ask the hub for a file's size and sha256.

    Raises PullFailed when there is no such file, or the hub cannot be reached.
    """
    import httpx2
    from huggingface_hub import constants

    endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT).rstrip("/")
    revision = quote(file.revision, safe="")
    url = f"{endpoint}/api/models/{file.owner}/{file.repo}/paths-info/{revision}"
    try:
        reply = httpx2.post(url, data={"paths": [file.path]}, headers={"User-Agent": "lapel"})
    except httpx2.HTTPError as error:
        raise PullFailed(f"the hub cannot be reached ({error}); try again later") from error
    if not reply.is_success:
        raise PullFailed(f"the hub answers {reply.status_code} for {file}; check its name")
    try:
        return _REPLY.validate_json(reply.content)[0]
    except ValidationError as error:
        raise PullFailed(f"the hub has no such file: {file}") from error
