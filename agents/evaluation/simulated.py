"""What tools turn and switch, simulated: an evaluation never touches the machine it runs on."""

from agents.tools.levels import LevelName

_BEGINS_AT = 50


class SimulatedLevels:
    """Volume and brightness, from 0 to 100."""

    def __init__(self) -> None:
        self._percent: dict[LevelName, int] = {"volume": _BEGINS_AT, "brightness": _BEGINS_AT}
        self._muted = False

    def percent(self, name: LevelName) -> int | None:
        """How much it is."""
        return self._percent[name]

    def set_percent(self, name: LevelName, percent: int) -> None:
        """Set it."""
        self._percent[name] = percent

    def muted(self) -> bool:
        """Whether the speaker is."""
        return self._muted

    def mute(self, muted: bool) -> None:
        """Mute the speaker, or let it sound again."""
        self._muted = muted


class SimulatedSwitch:
    """The switch that closes the microphone."""

    def __init__(self) -> None:
        self._muted = False

    @property
    def exists(self) -> bool:
        """There is one."""
        return True

    @property
    def way_back(self) -> str:
        """There is a button."""
        return "Press the button"

    def mute(self, for_s: float | None = None) -> None:
        """Close the microphone."""
        self._muted = True

    def muted(self) -> bool:
        """Whether it is closed."""
        return self._muted


class SimulatedPace:
    """How fast a voice would speak."""

    def __init__(self) -> None:
        self._factor = 1.0

    def factor(self) -> float | None:
        """The factor now."""
        return self._factor

    def set_factor(self, factor: float) -> None:
        """Speak at that from now on."""
        self._factor = factor
