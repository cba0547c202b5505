from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.levels import AlsaMixer, DeviceLevels, Gain, LevelFailed, PulseMixer

PACTL = """#!/bin/sh
case "$1" in
  get-sink-volume) echo "Volume: front-left: 39321 /  $(cat {0}/volume)% / -13 dB";;
  get-sink-mute) echo "Mute: $(cat {0}/mute)";;
  set-sink-volume) echo "$3" | tr -d % > {0}/volume;;
  set-sink-mute) [ "$3" = 1 ] && echo yes > {0}/mute || echo no > {0}/mute;;
esac
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs besides the system's shell tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    return folder


def script(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(text)
    file.chmod(0o755)


def test_a_sound_server(programs: Path) -> None:
    (programs / "volume").write_text("60")
    (programs / "mute").write_text("no")
    script(programs, "pactl", PACTL.format(programs))
    levels = DeviceLevels([PulseMixer(), Gain()])
    assert (levels.percent("volume"), levels.muted()) == (60, False)
    levels.set_percent("volume", 35)
    levels.mute(True)
    assert (levels.percent("volume"), levels.muted()) == (35, True)


def test_without_any_the_own_gain_is_turned(programs: Path) -> None:
    for name in ("pactl", "amixer"):
        script(programs, name, "#!/bin/sh\nexit 1\n")
    gain = Gain()
    levels = DeviceLevels([PulseMixer(), AlsaMixer(), gain])
    assert levels.percent("volume") == 100
    levels.set_percent("volume", 50)
    levels.mute(True)
    assert (gain.read(), levels.muted()) == ((50, True), True)


def test_what_a_mixer_does_not_do_is_an_error(programs: Path) -> None:
    script(programs, "pactl", '#!/bin/sh\n[ "$1" = get-sink-volume ] && echo 5% || exit 1\n')
    with pytest.raises(LevelFailed):
        PulseMixer().write(percent=5)


@given(st.integers(0, 100), st.booleans())
def test_the_gain_never_makes_it_louder(percent: int, muted: bool) -> None:
    gain = Gain()
    gain.write(percent, muted)
    sound = np.array([0, 1, -32768, 32767, 1000], dtype=np.int16)
    made = gain.applied(sound)
    assert made.dtype == np.int16
    assert made.shape == sound.shape
    assert np.all(np.abs(made.astype(int)) <= np.abs(sound.astype(int)))
    assert bool(made.any()) == (not muted and percent >= 1)


def test_the_backlight(tmp_path: Path) -> None:
    levels = DeviceLevels([Gain()], tmp_path)
    assert levels.percent("brightness") is None
    folder = tmp_path / "class/backlight/panel"
    folder.mkdir(parents=True)
    (folder / "max_brightness").write_text("255\n")
    (folder / "brightness").write_text("128\n")
    assert levels.percent("brightness") == 50
    levels.set_percent("brightness", 0)
    assert int((folder / "brightness").read_text()) >= 1
