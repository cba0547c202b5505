"""What other programs may ask of the running assistant: to unlock, to lock, to let go of things,
and to turn the microphone off or on.

One request and one answer a connection, each a line of JSON. Wrong PINs are counted by the
keyring, on disk, together with those that are tried anywhere else. Nothing of a request gets into
a log, an error or an event.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from context.errors import LapelError, WrongPin
from context.keys.keyring import Tier
from context.keys.pin_attempts import PinAttempts
from device.control_socket import connected, is_this_users, listening
from device.errors import ControlFailed

if TYPE_CHECKING:  # the commands that ask need neither a mind nor its engines
    from context.store import Store
    from device.mic.mute import Mute
    from device.mind import Mind
    from device.worker import Worker

MOST_BYTES: Final = 4096
"""The longest line."""
READ_S: Final = 2.0
"""How long the assistant waits for a request to come, and for its answer to be taken."""
_ANSWER_S: Final = 60.0  # Argon2 on a slow board, behind what the model is busy with
_AT_ONCE: Final = 8
LONGEST_OFF_S: Final = 7 * 86_400
"""The longest time after which the microphone is turned on by itself."""
_AGAIN_S: Final = 1.0
_AT_ONCE_S: Final = 0.01


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Unlock(_Message):
    """Open what the PIN locks."""

    ask: Literal["unlock"] = "unlock"
    pin: str = Field(repr=False, max_length=256)


class UnlockByPhone(_Message):
    """Open it by the paired phone's key, in hexadecimal digits."""

    ask: Literal["unlock by phone"] = "unlock by phone"
    key: str = Field(repr=False, max_length=256, pattern="^([0-9a-fA-F]{2})+$")


class Lock(_Message):
    """Lock it, and let go of all that was made of it."""

    ask: Literal["lock"] = "lock"


class Flush(_Message):
    """Let go of the conversation and all that was made of it: another program forgot something."""

    ask: Literal["flush"] = "flush"


class Status(_Message):
    """Tell what is open."""

    ask: Literal["status"] = "status"


class TurnMic(_Message):
    """Turn the microphone off, for some seconds or until it is turned on; or on; or None: tell."""

    ask: Literal["microphone"] = "microphone"
    on: bool | None = None
    off_for_s: float | None = Field(default=None, gt=0, le=LONGEST_OFF_S)


Request = Unlock | UnlockByPhone | Lock | Flush | Status
_Any = Request | TurnMic
_REQUEST: Final[TypeAdapter[_Any]] = TypeAdapter(Annotated[_Any, Field(discriminator="ask")])


class State(_Message):
    """What is locked in the running assistant.

    tries_left: wrong PINs that still cost no wait. wait_s: seconds until one is tested again.
    """

    has_pin: bool
    general_locked: bool
    restricted_locked: bool
    tries_left: int
    wait_s: float


class MicState(_Message):
    """Whether the microphone is on. off_for_s: until it is turned on by itself; None: never."""

    on: bool
    off_for_s: float | None = None


class _Answer(_Message):
    """The state after a request, or the error that it ended with: its sentence, and its wait."""

    state: State | None = None
    mic: MicState | None = None
    sentence: str = ""
    retry_after_s: float | None = None
    """Of a wrong PIN; None: it is another error."""


class Refused(ControlFailed):
    """The assistant could not do what it was asked; it says why.

    retry_after_s: seconds until the next PIN is tested, if it was a wrong one; else None.
    """

    def __init__(self, sentence: str, retry_after_s: float | None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


# the assistant's side


class Control:
    """Answers other programs' requests, on the thread that owns the memory.

    let_go: breaks off what is being said, and drops what is kept of the conversation anywhere.
    mute: whether the microphone is off.
    """

    def __init__(
        self,
        folder: Path,
        mind: "Mind",
        think: "Worker",
        let_go: Callable[[], Awaitable[None]],
        mute: "Mute",
    ) -> None:
        self._mute = mute
        self._folder = folder
        self._mind = mind
        self._think = think
        self._let_go = let_go
        self._connections = 0

    async def serve(self) -> None:
        """Listen and answer until cancelled.

        Raises:
            ControlFailed: there can be no socket in the folder.
        """
        loop = asyncio.get_running_loop()
        with listening(self._folder) as listener:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    try:
                        connection, _ = await loop.sock_accept(listener)
                    except OSError:  # as where the process has no descriptors left
                        await asyncio.sleep(_AGAIN_S)
                        continue
                    if self._connections < _AT_ONCE:
                        self._connections += 1
                        tasks.create_task(self._attend(connection))
                    else:
                        connection.close()

    async def _attend(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(READ_S):
                line = await _line(connection) if is_this_users(connection) else None
            if line is not None:
                answer = await self._answer(line)
                async with asyncio.timeout(READ_S):
                    await loop.sock_sendall(connection, _packed(answer))
        except (TimeoutError, OSError):
            return  # who asked is gone, or too slow
        finally:
            connection.close()
            self._connections -= 1

    async def _answer(self, line: bytes) -> _Answer:
        try:
            request = _REQUEST.validate_json(line)
        except ValidationError:
            return _Answer(
                sentence="The running assistant does not understand that request: restart it, as"
                " it may be of an earlier version."
            )
        try:
            if isinstance(request, TurnMic):  # which waits for nothing that thinks
                return _Answer(mic=await asyncio.to_thread(turned, self._mute, request))
            await self._carry_out(request)
            return _Answer(state=await self._think.run(state_of, self._mind.store))
        except WrongPin as error:
            return _Answer(sentence=str(error), retry_after_s=error.retry_after_s)
        except LapelError as error:
            return _Answer(sentence=str(error))

    async def _carry_out(self, request: Request) -> None:
        store, think = self._mind.store, self._think
        match request:
            case Unlock(pin=pin):
                await think.run(store.unlock, pin)
            case UnlockByPhone(key=key):
                await think.run(store.unlock_with_phone, bytes.fromhex(key))
            case Lock():
                await self._let_go()  # so that the model does not keep the lock waiting
                try:
                    await think.run(store.lock)
                finally:  # what was begun meanwhile
                    await self._let_go()
            case Flush():
                await self._let_go()
                await think.run(self._mind.catch_up)
            case Status():
                pass


def turned(mute: "Mute", request: TurnMic) -> MicState:
    """Turn the microphone as asked, and return how it is then. Raises MuteNotKept."""
    if request.on is True and mute.muted():
        mute.unmute()
    elif request.on is False:
        mute.mute(request.off_for_s)
    left_s = mute.left_s()
    over = left_s is not None and left_s <= _AT_ONCE_S  # whoever runs turns it on as it looks
    on = over or not mute.muted()
    return MicState(on=on, off_for_s=None if on else left_s)


def state_of(store: "Store") -> State:
    """Return what is locked in an open store. Raises KeysUnusable."""
    keyring = store.keyring
    attempts = PinAttempts(store.folder / "pin_attempts.json", store.now)
    return State(
        has_pin=keyring.has_pin(),
        general_locked=keyring.locked(Tier.GENERAL),
        restricted_locked=keyring.locked(Tier.RESTRICTED),
        tries_left=attempts.free(),
        wait_s=attempts.wait_s(),
    )


async def _line(connection: socket.socket) -> bytes | None:
    """A whole line, without its end; None if it is cut short or too long. Raises OSError."""
    loop, data = asyncio.get_running_loop(), b""
    while b"\n" not in data:
        more = await loop.sock_recv(connection, MOST_BYTES - len(data))  # none, once it is full
        data += more
        if not more:
            return None
    return data[: data.index(b"\n")]


# the other programs' side


def ask(folder: Path, request: Request, *, answer_s: float = _ANSWER_S) -> State:
    """Ask the assistant that listens in `folder`, and return what is locked after that.

    Raises:
        NotRunning: there is none.
        Refused: it could not do that, and says why.
        ControlFailed: it can't be reached, or does not answer within `answer_s`.
    """
    answer = _exchanged(folder, request, answer_s)
    if answer.state is None:
        raise Refused(answer.sentence, answer.retry_after_s)
    return answer.state


def ask_mic(folder: Path, request: TurnMic) -> MicState:
    """Ask the assistant that listens in `folder` for its microphone; raises as `ask`."""
    answer = _exchanged(folder, request, _ANSWER_S)
    if answer.mic is None:
        raise Refused(answer.sentence, answer.retry_after_s)
    return answer.mic


def _exchanged(folder: Path, request: _Any, answer_s: float) -> _Answer:
    data = b""
    with connected(folder, READ_S) as connection:
        try:
            connection.sendall(_packed(request))
            connection.settimeout(answer_s)
            while b"\n" not in data and len(data) <= MOST_BYTES:
                more = connection.recv(MOST_BYTES)
                if not more:
                    break
                data += more
            answer = _Answer.model_validate_json(data)
        except TimeoutError:
            raise ControlFailed("The running assistant does not answer: try again.") from None
        except (OSError, ValidationError):
            raise ControlFailed(
                "The running assistant gave no answer: try again, or restart it."
            ) from None
    return answer


def _packed(message: _Message) -> bytes:
    return message.model_dump_json().encode() + b"\n"
