"""Runs the endpointer over courses in their own time, and counts: how late, and how often too soon.

Used by `scripts/bench_endpoint`. What the transcript and the turn-end model say arrives as late as
it does in a turn: at each soft end the transcript is begun and the turn-end model asked, and asked
again as the silence grows.
"""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from device.audio import CHUNK_S
from device.listen.endpoint import Completeness, Endpointer, Endpointing, Mark, Reason
from scripts.bench.endpoint_courses import Course, Hearer

LEAST_PAUSE_S = 0.2
_SLACK_S = 0.1  # a last consonant or breath after the commit is not an utterance cut short


@dataclass(frozen=True)
class Pace:
    """How long the answers take, in seconds."""

    transcript_s: float = 0.25
    turn_end_s: float = 0.08


@dataclass(frozen=True)
class Way:
    """One way to end an utterance."""

    family: str
    label: str
    endpointing: Endpointing
    turn_end: bool = True
    words: bool = True


@dataclass
class Outcome:
    """What one way did with one course."""

    course: Course
    commits: list[tuple[float, Reason]] = field(default_factory=list)
    """Seconds and reason of each end found; after one too soon, the rest is a new utterance."""
    asks: int = 0

    @property
    def cut(self) -> bool:
        """Whether the speaker was interrupted."""
        return bool(self.commits) and self.commits[0][0] < self.course.islands[-1][0] + _SLACK_S

    @property
    def delay_s(self) -> float:
        """From the true end of speech to the commit."""
        return self.commits[0][0] - self.course.end_s

    @property
    def pauses(self) -> tuple[int, int]:
        """Inner pauses in which an end was found, and all of them."""
        pauses = self.course.pauses(LEAST_PAUSE_S)
        cut = sum(any(a < at < b + _SLACK_S for at, _ in self.commits) for a, b in pauses)
        return cut, len(pauses)


def follow(
    course: Course,
    way: Way,
    hearer: Hearer,
    pace: Pace,
) -> Outcome:
    """Feed a course to the endpointer."""
    outcome = Outcome(course)
    endpointer = Endpointer(way.endpointing)
    words: Completeness | None = None
    words_due: tuple[float, int] | None = None
    turn_end: float | None = None
    turn_end_due: tuple[float, int] | None = None
    for chunk, speech in enumerate(course.speech.tolist(), 1):
        now_s = chunk * CHUNK_S
        if words_due is not None and now_s >= words_due[0]:
            words = hearer.completeness(course, words_due[1]) if way.words else Completeness.OPEN
            words_due = None
        if turn_end_due is not None and now_s >= turn_end_due[0]:
            turn_end, turn_end_due = hearer.turn_end(course, turn_end_due[1]), None
        match endpointer.step(CHUNK_S, speech, words, turn_end):
            case Mark.SOFT_END:
                words_due = (now_s + pace.transcript_s, chunk)
            case Mark.RESUMED:
                words = words_due = turn_end = turn_end_due = None
            case Mark.COMMIT:
                assert endpointer.reason is not None
                outcome.commits.append((now_s, endpointer.reason))
                if now_s > course.end_s:
                    break
                endpointer = Endpointer(way.endpointing)
                words = words_due = turn_end = turn_end_due = None
            case _:
                pass
        if (
            way.turn_end
            and words is not None
            and turn_end_due is None
            and endpointer.wants_turn_end
        ):
            endpointer.asked()
            outcome.asks += 1
            turn_end_due = (now_s + pace.turn_end_s, chunk)
    return outcome


def figures(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """Count: rates are shares (0..1), delays milliseconds over the utterances that were not cut."""
    outcomes = list(outcomes)
    paused = [each for each in outcomes if each.course.pauses(LEAST_PAUSE_S)]
    delays_ms = sorted(1000 * each.delay_s for each in outcomes if each.commits and not each.cut)
    in_pauses = [each.pauses for each in outcomes]
    return {
        "utterances": len(outcomes),
        "with_pause": len(paused),
        "cutoff_rate": sum(each.cut for each in paused) / max(1, len(paused)),
        "cutoff_rate_of_all": sum(each.cut for each in outcomes) / max(1, len(outcomes)),
        "cutoff_rate_per_pause": sum(cut for cut, _ in in_pauses)
        / max(1, sum(every for _, every in in_pauses)),
        "never_ended": sum(not each.commits for each in outcomes),
        "delay_mean_ms": statistics.fmean(delays_ms) if delays_ms else 0.0,
        "delay_p50_ms": _percentile(delays_ms, 50),
        "delay_p95_ms": _percentile(delays_ms, 95),
        "asks_per_utterance": sum(each.asks for each in outcomes) / max(1, len(outcomes)),
    }


def _percentile(ordered: list[float], percent: float) -> float:
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]
