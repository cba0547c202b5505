"""Volume and brightness: the sound server's or card's, and the backlight's; else one's own gain."""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from agents.tools.levels import LevelName
from device.audio import Samples
from device.errors import DeviceError
from device.play import Pull, Speaker

_TIMEOUT_S: Final = 3.0
_DARKEST_PERCENT: Final = 1  # a screen that is off can't be read to turn it on again


class LevelFailed(DeviceError):
    """A level could not be turned."""


class Mixer(Protocol):
    """What makes the speaker louder. Raises LevelFailed."""

    def read(self) -> tuple[int, bool]:
        """The volume in percent, and whether it is muted."""
        ...

    def write(self, percent: int | None = None, muted: bool | None = None) -> None:
        """Change one or the other."""
        ...


class Gain:
    """A volume of the program's own, for sound that is about to be played. From any thread."""

    def __init__(self) -> None:
        self._percent = 100
        self._muted = False

    def read(self) -> tuple[int, bool]:
        """The volume in percent, and whether it is muted."""
        return self._percent, self._muted

    def write(self, percent: int | None = None, muted: bool | None = None) -> None:
        """Change one or the other."""
        self._percent = self._percent if percent is None else percent
        self._muted = self._muted if muted is None else muted

    def applied(self, samples: Samples) -> Samples:
        """Samples (n,), int16, at this volume: a straight line in decibels would be finer, but a
        square is near to how loud it seems.
        """
        if self._muted or self._percent == 0:
            return np.zeros_like(samples)
        if self._percent == 100:
            return samples
        return (samples * (self._percent / 100) ** 2).astype(np.int16)


class GainedSpeaker:
    """A speaker whose sound is made quieter by a gain, just before it goes out."""

    def __init__(self, speaker: Speaker, gain: Gain) -> None:
        self._speaker = speaker
        self._gain = gain

    @property
    def name(self) -> str:
        """The speaker's."""
        return self._speaker.name

    @property
    def rate_hz(self) -> int:
        """The speaker's."""
        return self._speaker.rate_hz

    def open(self, pull: Pull) -> None:
        """Begin to play. Raises SpeakerUnusable."""
        self._speaker.open(lambda count: self._gain.applied(pull(count)))

    def close(self) -> None:
        """Stop playing."""
        self._speaker.close()


class PulseMixer:
    """The default sink of PulseAudio or PipeWire, through pactl."""

    def read(self) -> tuple[int, bool]:
        """The loudest channel's volume, and whether the sink is muted."""
        volume = _ran("pactl", "get-sink-volume", "@DEFAULT_SINK@")
        percents = [int(each) for each in re.findall(r"(\d+)%", volume)]
        if not percents:
            raise LevelFailed("The sound server does not say how loud it is.")
        muted = _ran("pactl", "get-sink-mute", "@DEFAULT_SINK@")
        return min(100, max(percents)), muted.strip().endswith("yes")

    def write(self, percent: int | None = None, muted: bool | None = None) -> None:
        """Change one or the other."""
        if percent is not None:
            _ = _ran("pactl", "set-sink-volume", "@DEFAULT_SINK@", f"{percent}%")
        if muted is not None:
            _ = _ran("pactl", "set-sink-mute", "@DEFAULT_SINK@", "1" if muted else "0")


class AlsaMixer:
    """The first of a sound card's usual controls, through amixer."""

    def __init__(self) -> None:
        self._control = ""

    def read(self) -> tuple[int, bool]:
        """The volume in percent, and whether it is muted."""
        for control in [self._control] if self._control else ["Master", "PCM", "Speaker"]:
            with suppress(LevelFailed):
                told = _ran("amixer", "-M", "sget", control)
                percents = re.findall(r"\[(\d+)%\]", told)
                if percents:
                    self._control = control
                    return int(percents[0]), "[off]" in told
        raise LevelFailed("The sound card has no volume that I can change.")

    def write(self, percent: int | None = None, muted: bool | None = None) -> None:
        """Change one or the other."""
        _ = self.read()
        if percent is not None:
            _ = _ran("amixer", "-M", "sset", self._control, f"{percent}%")
        if muted is not None:
            _ = _ran("amixer", "sset", self._control, "mute" if muted else "unmute")


class DeviceLevels:
    """The device's levels. mixers: tried in order, and the first that can be read is kept.

    sys: where /sys is.
    """

    def __init__(self, mixers: list[Mixer], sys: Path = Path("/sys")) -> None:
        self._mixers = mixers
        self._kept: Mixer | None = None
        self._sys = sys

    def percent(self, name: LevelName) -> int | None:
        """The level, 0 to 100; None where there is no backlight."""
        if name == "volume":
            mixer = self._mixer()
            return None if mixer is None else mixer.read()[0]
        light = self._backlight()
        if light is None:
            return None
        folder, most = light
        return round(100 * int((folder / "brightness").read_text()) / most)

    def set_percent(self, name: LevelName, percent: int) -> None:
        """Turn it. Raises LevelFailed, or OSError where the backlight may not be written to."""
        if name == "volume":
            self._written(percent=percent)
            return
        light = self._backlight()
        if light is None:
            raise LevelFailed("There is no screen whose light I can change.")
        folder, most = light
        value = max(1, round(most * max(_DARKEST_PERCENT, percent) / 100))
        try:
            (folder / "brightness").write_text(str(value))
        except PermissionError:
            raise LevelFailed(
                "I may not change the light of the screen: add my user to the group video."
            ) from None

    def muted(self) -> bool:
        """Whether the speaker is muted."""
        mixer = self._mixer()
        return mixer is not None and mixer.read()[1]

    def mute(self, muted: bool) -> None:
        """Mute the speaker, or let it sound again."""
        self._written(muted=muted)

    def _written(self, percent: int | None = None, muted: bool | None = None) -> None:
        mixer = self._mixer()
        if mixer is None:
            raise LevelFailed("There is no volume that I can change.")
        mixer.write(percent, muted)

    def _mixer(self) -> Mixer | None:
        if self._kept is None:
            for each in self._mixers:
                with suppress(LevelFailed):
                    _ = each.read()
                    self._kept = each
                    break
        return self._kept

    def _backlight(self) -> tuple[Path, int] | None:
        for folder in sorted(self._sys.glob("class/backlight/*")):
            with suppress(OSError, ValueError):
                most = int((folder / "max_brightness").read_text())
                if most > 0:
                    return folder, most
        return None


def _ran(program: str, *arguments: str) -> str:
    """What a program of the sound system prints. Raises LevelFailed."""
    found = shutil.which(program)
    if found is None:
        raise LevelFailed(f"{program} is not installed.")
    try:
        done = subprocess.run(
            [found, *arguments],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        raise LevelFailed("The sound system did not change the volume.") from None
    return done.stdout
