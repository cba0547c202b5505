"""The ordinary tier of tests and the long one, which the option --long asks for."""

from typing import TypeVar

T = TypeVar("T")
_long = False


def choose(*, long: bool) -> None:
    """Called once, before any test is collected."""
    global _long  # noqa: PLW0603 - what pytest was asked for holds for the whole process
    _long = long


def cases(ordinary: T, long: T) -> T:
    """How many cases to try, in the ordinary tier and in the long one."""
    return long if _long else ordinary
