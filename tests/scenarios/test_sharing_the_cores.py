"""Engines that would be in each other's way take turns. In virtual time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from device.audio import Samples
from device.events import SpeechEnded, TurnEnded
from device.listen.fake import FakeTurnEndDetector
from device.speak import Part
from device.speak.fake import FakeSynthesizer
from tests.scenarios.world import QUIET, World, conversation, hum, pause

STORY = "Once there was a lighthouse. It stood on a rock. Nobody ever came."


class Watching(FakeTurnEndDetector):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self.asked = 0

    def probability(self, samples: Samples) -> float:
        self.asked += 1
        return super().probability(samples)


def test_the_model_rests_while_the_first_sound_is_made(tmp_path: Path) -> None:
    order: list[str] = []

    class Speaking(FakeSynthesizer):
        def stream(self, text: str) -> Iterator[Part]:
            for part in super().stream(text):
                order.append("sound")
                yield part

    async def script(world: World) -> None:
        world.stages.synthesizer._inner = Speaking()
        assert (await world.turn()).heard == STORY

    conversation(
        tmp_path,
        script,
        texts=["Tell me about the lighthouse."],
        replies=[STORY],
        before_token=lambda n: order.append(f"token {n}"),
        takes_s={"speak": 0.5},
    )
    first = order.index("sound")
    words = len(["Once", "there", "was", "a", "lighthouse."])
    # A token more: the model is asked for the one that shows that the sentence has ended.
    assert first <= words + 1, order
    assert order.count("sound") > 2 and len(order) > len(STORY.split()), order


@pytest.mark.parametrize(
    ("text", "asks"), [("Why is the sky blue?", False), ("Tell me about bees.", True)]
)
def test_the_turn_end_model_is_asked_only_about_what_the_words_leave_open(
    tmp_path: Path, text: str, asks: bool
) -> None:
    detector = Watching()

    async def script(world: World) -> None:
        await world.turn()

    world = conversation(tmp_path, script, texts=[text], replies=["They buzz."], turn_end=detector)
    assert (detector.asked > 0) is asks
    assert len(world.all(SpeechEnded)) == 1


@pytest.mark.parametrize(("second", "drafts"), [("Why is the sky blue?", 1), ("Why not?", 2)])
def test_a_breath_after_the_question_does_not_begin_its_answer_again(
    tmp_path: Path, second: str, drafts: int
) -> None:
    async def script(world: World) -> None:
        await world.turn(hum(1.0), pause(0.3), hum(0.1))

    settings = QUIET.model_copy(
        update={"transcribe": QUIET.transcribe.model_copy(update={"partial_s": 0.0})}
    )
    texts = ["Why is the sky blue?", second]
    world = conversation(tmp_path, script, texts=texts, replies=["It is."] * 2, settings=settings)
    assert len(world.model.prompts) == drafts
    assert [each.heard for each in world.all(TurnEnded)] == ["It is."]
