"""Lights, heating, blinds and locks: asks the home, does it, and says so once the home shows it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final, Literal, Protocol

from pydantic import Field

from agents.egress_client import NetworkFailed
from agents.tools import Call, Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow, Piece
from agents.tools.home_said import (
    AWAY,
    MOST_NAMED,
    Order,
    all_of,
    any_of,
    capital,
    is_going,
    is_so,
    say_order,
    say_outcome,
    say_state,
    say_verb,
)
from agents.tools.home_words import Action, HomeDevice, Kind, Meant, chosen, meant_by
from context.labels import Label, Trust
from context.policy import Sink

NOT_SET_UP: Final = (
    "I'm not connected to your home yet: name its Home Assistant, or its MQTT broker, in the"
    " section 'home' of my settings."
)
_WAITS_S: Final = (0.1, 0.2, 0.4, 0.8, 1.0, 1.0)
"""Seconds between looks at whether it was done."""
_MOST_TOGETHER: Final = 40
_BACK: Final = {Action.ON: Action.OFF, Action.OFF: Action.ON}


class Home(Protocol):
    """The devices of a home. label: of what leads to the request. Raises NetworkFailed,
    EgressDenied, or another LapelError.
    """

    def devices(self, label: Label) -> Sequence[HomeDevice]:
        """All there are, in the home's words."""
        ...

    def state(self, device: HomeDevice, label: Label) -> HomeDevice | None:
        """The device as it is now; None where it is gone."""
        ...

    def call(self, device: HomeDevice, order: Order, label: Label) -> None:
        """Tell it; that it was told is not that it did it."""
        ...

    def close(self) -> None:
        """Let go of what leads to it; it is asked nothing more."""
        ...


class HomeArgs(ToolArgs):
    """target: what the owner calls it. value: percent, degrees, or a colour's name. name, all:
    which of several. ids, agreed: of what was asked about before.
    """

    action: Action
    target: str | None = Field(default=None, max_length=120)
    value: float | str | None = None
    unit: Literal["percent", "degrees"] | None = None
    name: str | None = Field(default=None, max_length=120)
    all: bool = False
    ids: tuple[str, ...] = ()
    agreed: bool = False


_AGREED: Final = {"agreed": True}
_NEEDS: Final = (("target",),)
_THAT: Final = Follow(
    {Piece.NAME: "target"},
    frozenset({Piece.NAME}),
    ("name", "all", "ids", "agreed"),
    it="the {target}",
)


class HomeTool(Tool[HomeArgs]):
    """Controls a home. home: None where none is set up. wait: waits for some seconds."""

    name: ClassVar[str] = "home"
    description: ClassVar[str] = "control lights, heating, blinds and locks"
    acts: ClassVar[bool] = True
    outside: ClassVar[bool] = True
    sink: ClassVar[Sink | None] = Sink.NETWORK
    trust: ClassVar[Trust] = Trust.TOOL_RESULT
    timeout_s: ClassVar[float] = 20.0
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "on",
            "turn something in the home on",
            ("it's dark in the kitchen", "I need light in here", "get the heater going"),
            ("target",),
            needs=_NEEDS,
            agreed=_AGREED,
        ),
        Use(
            "off",
            "turn something in the home off",
            ("I don't need the lamp any more", "kill the lights in the hall"),
            ("target",),
            needs=_NEEDS,
            agreed=_AGREED,
        ),
        Use(
            "set",
            "set the brightness, colour or temperature of something in the home",
            ("make it warmer in the bedroom, 22 degrees", "I'd like the lamp at half"),
            ("target", "value", "unit"),
            needs=(*_NEEDS, ("value",)),
            agreed=_AGREED,
        ),
        Use(
            "open",
            "open blinds or a garage",
            ("let some daylight in",),
            ("target",),
            needs=_NEEDS,
            agreed=_AGREED,
        ),
        Use(
            "close",
            "close blinds or a garage",
            ("it's too bright, shut the blinds",),
            ("target",),
            needs=_NEEDS,
        ),
        Use(
            "lock",
            "lock a door",
            ("make sure the front door is secure",),
            ("target",),
            needs=_NEEDS,
        ),
        Use(
            "unlock",
            "unlock a door",
            ("let them in at the front door",),
            ("target",),
            needs=_NEEDS,
            agreed=_AGREED,
        ),
        Use(
            "state",
            "say whether something in the home is on, open or locked",
            ("did somebody leave the garage open?", "how warm is it in the nursery?"),
            ("target",),
            acts=False,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        **{str(action): _THAT for action in Action if action is not Action.SET},
        "set": replace(_THAT, fills={Piece.NUMBER: "value", Piece.NAME: "target"}, back="never"),
    }
    args = HomeArgs

    def __init__(self, home: Home | None, wait: Callable[[float], None] = time.sleep) -> None:
        self._home = home
        self._wait = wait

    @property
    def set_up(self) -> bool:
        """Whether there is a home."""
        return self._home is not None

    def foresee(self, args: HomeArgs, context: ToolContext) -> str | None:
        """Unknown: to look would already send something."""
        return NOT_SET_UP if self._home is None else None

    def run(self, args: HomeArgs, context: ToolContext) -> Receipt:
        """Find what is meant, do it, and look whether it was done."""
        home = self._home
        if home is None:
            return self._no("home", NOT_SET_UP)
        target = args.target or args.name
        if target is None and not args.ids:
            raw = args.model_dump(mode="json", exclude_defaults=True)
            asks = Proposal(self.name, raw, Slot.WHICH)
            return self._no("target", "Which light, door or device?", asks)
        label = Label(frozenset(), context.said_by.trust)
        devices = home.devices(label)
        if args.ids:
            meant = Meant(tuple(each for each in devices if each.id in args.ids), together=True)
        else:
            meant = meant_by(target or "", args.action, devices)
        if args.name is not None and args.target is not None:
            meant = Meant(chosen(args.name, meant.sure) or chosen(args.name, devices))
        question = self._question(args, meant)
        if question is not None:
            return question
        if args.action is Action.STATE:
            said = ". ".join(capital(say_state(each)) for each in meant.sure[:MOST_NAMED])
            return Receipt(
                self.name, True, {"action": "state", "devices": len(meant.sure)}, f"{said}."
            )
        if args.action is Action.SET and args.value is None:
            asks = replace(self._again(args, Slot.NUMBER), into="value")
            names = all_of([each.said for each in meant.sure])
            return self._no("value", f"What should I set {names} to?", asks)
        order = _order(args, meant.sure)
        if isinstance(order, str):
            return self._no("value", order)
        return self._do(home, meant.sure, order, label)

    def _question(self, args: HomeArgs, meant: Meant) -> Receipt | None:
        """What has to be asked or said first; None where nothing has."""
        if not meant.sure:
            if not meant.near:
                return self._no("found", "I don't find anything in your home by that name.")
            asked = f"Did you mean {any_of([each.said for each in meant.near])}?"
            one = len(meant.near) == 1
            slot = Slot.YES if one else Slot.WHICH
            more: dict[str, object] = {"ids": (meant.near[0].id,)} if one else {}
            return self._no("which", asked, self._again(args, slot, **more))
        able = [each for each in meant.sure if each.can(args.action)]
        if not able:
            what = meant.sure[0].said
            return self._no("can", f"I can't {say_verb(args.action)} {what}.")
        together = meant.together or args.all
        if len(meant.sure) > 1 and not together and args.action is not Action.STATE:
            asked = f"Which one: {any_of([each.said for each in meant.sure])}?"
            return self._no("which", asked, self._again(args, Slot.WHICH))
        if len(meant.sure) > _MOST_TOGETHER:
            return self._no("many", "Those are too many at once: tell me a room.")
        # What was agreed to by what it was called is one device; of several, their names are said.
        agreed = args.agreed and (bool(args.ids) or len(meant.sure) == 1)
        if not agreed and any(each.gives_way(args.action) for each in meant.sure):
            names = all_of([each.said for each in meant.sure])
            ids = tuple(each.id for each in meant.sure)
            asks = self._again(args, Slot.YES, ids=ids, agreed=True)
            return self._no("yes", f"Should I really {say_verb(args.action)} {names}?", asks)
        return None

    def _do(self, home: Home, devices: Sequence[HomeDevice], order: Order, label: Label) -> Receipt:
        away = [each for each in devices if each.state in AWAY]
        there = [each for each in devices if each.state not in AWAY]
        to_do = [each for each in there if not is_so(each, order)]
        for device in to_do:
            home.call(device, order, label)
        after = [each for each in there if each not in to_do]
        try:
            after += self._looked_at(home, to_do, order, label)
        except NetworkFailed:
            told = f"I told {all_of([each.said for each in to_do])} to {say_order(order)}"
            return self._no("check", f"{told}, but I can't see whether it was done.")
        done = [each for each in after if is_so(each, order)]
        going = [each for each in after if not is_so(each, order) and is_going(each, order)]
        ok = len(done) + len(going) == len(devices)
        facts = {"action": order.action.value, "devices": len(devices), "done": len(done)}
        said = say_outcome(devices, after, away, order, already=not to_do)
        undo = None
        gives_way = any(each.gives_way(order.action) for each in to_do)
        if ok and to_do and order.action in _BACK and not gives_way:
            ids = tuple(each.id for each in to_do)
            undo = Call(self.name, {"action": _BACK[order.action], "ids": ids})
        return Receipt(self.name, ok, facts, said, undo=undo)

    def _looked_at(
        self, home: Home, devices: Sequence[HomeDevice], order: Order, label: Label
    ) -> list[HomeDevice]:
        """The devices as they are once all did it, or after a while."""
        after = list(devices)
        for wait_s in (0.0, *_WAITS_S):
            if wait_s:
                self._wait(wait_s)
            for at, device in enumerate(after):
                if not is_so(device, order):
                    after[at] = home.state(device, label) or device
            if all(is_so(each, order) or is_going(each, order) for each in after):
                break
        return after

    def _again(self, args: HomeArgs, slot: Slot, **more: object) -> Proposal:
        """The same call, which waits for what is asked."""
        raw = args.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
        return Proposal(self.name, {**raw, **more}, slot)

    def _no(self, missing: str, said: str, asks: Proposal | None = None) -> Receipt:
        return Receipt(self.name, False, {"missing": missing}, said, asks)


def _order(args: HomeArgs, devices: Sequence[HomeDevice]) -> Order | str:
    """What they are told; or what is wrong with it."""
    if args.action is not Action.SET:
        return Order(args.action)
    value = args.value
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _coloured(str(args.value), devices)
    assert value is not None, "it is asked for first"
    climate = all(each.kind is Kind.CLIMATE for each in devices)
    if args.unit == "degrees" or (args.unit is None and climate):
        if not climate:
            return f"I can't set degrees for {devices[0].said}."
        # Wide, as a home may count in Fahrenheit, and narrow enough for no slip to freeze or cook.
        return Order(Action.SET, degrees=value) if 5 <= value <= 95 else "That's no room's warmth."
    if climate:
        return f"I can't set percent for {devices[0].said}."
    if not 0 <= value <= 100:
        return "Percent go from 0 to 100."
    return Order(Action.SET, percent=value)


def _coloured(colour: str, devices: Sequence[HomeDevice]) -> Order | str:
    if any(each.kind is not Kind.LIGHT for each in devices):
        return "Only lights have colours."
    words = colour.casefold().strip()
    if not words.replace(" ", "").isalpha() or len(words) > 20:
        return "That's no colour that I know."
    return Order(Action.SET, colour=words)
