"""What every section of the settings is: unknown keys are errors, and nothing changes later."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Threads = Annotated[int, Field(ge=0, le=64)]
"""0 shares the cores out by `device/budget.py`."""


class Section(BaseModel):
    """A table of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)
