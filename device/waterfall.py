"""The waterfall of a turn: when each stage was done, counted from the user's last word. Pure.

Work that is begun before it is decided that the user has finished may be done before the commit.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from device.events import (
    ClauseReady,
    Event,
    FirstSample,
    FirstToken,
    PartlyTranscribed,
    SpeechEnded,
    Transcribed,
    Woke,
)

_BAR_WIDTH = 32


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Seconds after the end of speech at which each stage was done, in that order."""

    at_s: dict[str, float]

    @property
    def voice_to_voice_s(self) -> float | None:
        """End of speech to the first sample of the reply; None when there was none."""
        return self.at_s.get("first sample")

    def lines(self) -> list[str]:
        """Draw it, a line a stage."""
        longest = max([0.001, *self.at_s.values()])
        drawn: list[str] = []
        last_s = 0.0
        for stage, at_s in self.at_s.items():
            start = round(_BAR_WIDTH * max(0.0, last_s) / longest)
            end = max(start, round(_BAR_WIDTH * max(0.0, at_s) / longest))
            bar = " " * start + "█" * (end - start)
            drawn.append(f"{stage:>13} {at_s:+7.2f} s  {bar}".rstrip())
            last_s = max(last_s, at_s)
        return drawn


def waterfall(events: Iterable[Event]) -> Waterfall | None:
    """Make the waterfall of one turn's events; None when no utterance ended in it."""
    times: dict[str, float] = {}
    known: dict[str, float] = {}
    for event in events:
        match event:
            case Woke():
                times["wake"] = event.at
            case SpeechEnded():
                times["speech end"] = event.at
                times["commit"] = event.committed_at
            case PartlyTranscribed():
                known[event.text] = event.at
            case Transcribed():
                times["transcript"] = known.get(event.text, event.at)
            case FirstToken():
                times["first token"] = event.at
            case ClauseReady():
                times.setdefault("first clause", event.at)
            case FirstSample():
                times["first sample"] = event.at
            case _:
                pass
    if "speech end" not in times:
        return None
    zero = times["speech end"]
    in_order = sorted(times.items(), key=lambda stage_and_time: stage_and_time[1])
    return Waterfall({stage: at - zero for stage, at in in_order})
