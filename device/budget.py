"""The compute budget: how many threads each engine gets. Pure.

Engines' threads spin while they wait for each other, so two engines that together have more
threads than there are cores slow down tenfold, not twofold (measured on two cores: Qwen-0.5B fell
from 17 to 0.5 tokens a second). Transcription runs alone, before anything can be thought or said.
Thinking and speaking overlap, and sound must never wait for them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Threads per engine."""

    transcribe: int
    think: int
    speak: int
    embed: int
    turn_end: int = 1


def share(cores: int) -> Budget:
    """Share out `cores`: one is left for sound and speech wherever there is more than one."""
    rest = max(1, cores - 1)
    return Budget(transcribe=min(max(2, rest), cores), think=min(rest, 6), speak=1, embed=1)
