"""The compute budget: how many threads each engine gets. Pure.

Engines' threads spin while they wait for each other, so two engines that together have more
threads than there are cores slow down tenfold, not twofold (measured on two cores: Qwen-0.5B fell
from 17 to 0.5 tokens a second). So an engine that works alone has all cores, and one that works
beside another leaves it a core:

    transcribe, turn end  side by side, a thread each: for a trimmed window one thread of Whisper
                          is as quick as two, and a second call can run on the second
    think                 alone until the first clause is there, then beside the voice
    speak                 two threads, without spinning: the model rests while the first sound of a
                          reply is made
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Threads per engine."""

    transcribe: int
    turn_end: int
    think: int
    """Beside the voice."""
    think_alone: int
    speak: int
    embed: int


def share(cores: int) -> Budget:
    """Share out `cores`; more than six threads make no engine here quicker."""
    return Budget(
        transcribe=max(1, min(cores // 2, 4)),
        turn_end=1,
        think=max(1, min(cores - 1, 6)),
        think_alone=max(1, min(cores, 6)),
        speak=max(1, min(cores, 2)),
        embed=1,
    )
