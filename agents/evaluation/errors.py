"""What can be wrong with an evaluation."""

from context.errors import LapelError


class SuiteWrong(LapelError):
    """A suite, or a line of it, isn't as it has to be; the message names file and line."""
