"""A home on an MQTT broker, by the devices that announce themselves (`device/home/announced.py`).

The connection is opened by the first request and kept, as devices tell how they are only when that
changes; one that breaks is opened anew by the next request, and by nothing else. MQTT 5, so that
the broker keeps back what is too large, and what this program sends itself is no answer to it.
"""

import math
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from agents.egress import Endpoint, Gate, Leaving, Outlet
from agents.egress_client import NetworkFailed, Unauthorized, addresses_of, trust
from agents.tools.home_said import Order
from agents.tools.home_words import HomeDevice
from agents.tools.timed import left_s
from context.labels import Label
from device.home.announced import KINDS, Entity, entities_of, topics_of, trusted
from device.home.discovery import device_of, messages_for

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage
    from paho.mqtt.reasoncodes import ReasonCode

_PORTS: Final = {"mqtts": 8883, "mqtt": 1883}
_KEEPALIVE_S: Final = 60
_LOOK_S: Final = 5
"""So often it is looked whether the broker has to be told that this end is still there."""
_QUIET_S: Final = 0.2
"""So long nothing kept on the broker has come: then all of it has."""
_OPENS_S: Final = 15.0
"""So long it takes at most to connect and take in what is kept: less than `HomeTool` waits."""
_CLOSES_S: Final = 2.0
_MOST_PACKET_BYTES: Final = 131_072
_MOST_STATE_BYTES: Final = 16_384
_MOST_ENTITIES: Final = 1_000
_MOST_TOPICS: Final = 3_000
_REFUSED: Final = 128
"""Reason codes from here on are errors (MQTT 5, 2.4)."""
_BAD_PASSWORD: Final = (134, 135)
_OTHER_VERSION: Final = 132
_LOST: Final = "I can't reach your home's broker."
_SLOW: Final = "Your home's broker took too long to answer."


@dataclass(frozen=True)
class Broker:
    """Where the home's messages go through. url: mqtts://host:port, or mqtt:// where `allow_plain`.

    ca_file: PEM certificates to trust instead of the system's. timeout_s: for each answer; to
    connect takes 15 s at most. prefix: of the topics on which devices announce themselves.
    """

    url: str
    user: str = ""
    allow_plain: bool = False
    ca_file: str = ""
    timeout_s: float = 5.0
    prefix: str = "homeassistant"

    @property
    def endpoint(self) -> Endpoint:
        """Where `url` leads. Raises NetworkFailed where that isn't one."""
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
            raise NetworkFailed(
                "The broker's address in my settings is none: write it as mqtts://host or"
                " mqtts://host:port, without a password."
            )
        tls = parts.scheme == "mqtts"
        return Endpoint(parts.hostname.lower(), port or _PORTS[parts.scheme], tls)

    @property
    def outlet(self) -> Outlet:
        """The tool's way out, for the gate. Raises NetworkFailed."""
        return Outlet(frozenset({(self.endpoint.host, self.endpoint.port)}), self.allow_plain)


class MqttHome:
    """One broker's devices. password: gives the user's password; the file is read each time."""

    def __init__(self, broker: Broker, gate: Gate, password: Callable[[], str]) -> None:
        self._broker = broker
        self._gate = gate
        self._password = password
        self._lock = threading.Lock()
        self._session: _Session | None = None
        self._is_closed = False

    def devices(self, label: Label) -> Sequence[HomeDevice]:
        """Return what was announced, of the kinds that are known here."""
        self._let_out(label)
        return self._connected().devices()

    def state(self, device: HomeDevice, label: Label) -> HomeDevice | None:
        """Return one device as it last told; nothing is sent for that."""
        return self._still_connected().device(device.id)

    def call(self, device: HomeDevice, order: Order, label: Label) -> None:
        """Send what has it done, to that device alone; once, and kept nowhere. Nothing is sent once
        who asked for it has given up.
        """
        self._let_out(label)
        session = self._still_connected()
        entity = session.entity(device.id)
        if entity is None:
            raise NetworkFailed(f"{device.said} is gone from your home's broker.")
        for topic, payload in messages_for(entity, order):
            session.send(topic, payload)

    def close(self) -> None:
        """Leave the broker for good. A connection that is still being made is not waited for long:
        it ends itself.
        """
        self._is_closed = True
        if self._lock.acquire(timeout=_CLOSES_S):
            try:
                self._end()
            finally:
                self._lock.release()

    def _end(self) -> None:
        """End the session, if there is one. Holds the lock."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _let_out(self, label: Label) -> None:
        self._gate.open(Leaving("home", self._broker.endpoint, label))

    def _still_connected(self) -> "_Session":
        session = self._session
        if session is None or session.is_over:
            raise NetworkFailed(_LOST)
        return session

    def _connected(self) -> "_Session":
        """The session, if the broker still answers, else a new one."""
        until = _given_up_at(_OPENS_S)
        if self._is_closed:
            raise NetworkFailed(_LOST)
        if not self._lock.acquire(timeout=max(0.0, until - time.monotonic())):
            raise NetworkFailed(_SLOW)
        try:
            if self._session is not None:
                try:
                    self._session.check(until)
                except NetworkFailed:
                    self._end()
            if self._session is None:
                self._session = self._opened(until)
            if self._is_closed:  # meanwhile
                self._end()
                raise NetworkFailed(_LOST)
            return self._session
        finally:
            self._lock.release()

    def _opened(self, until: float) -> "_Session":
        broker, password = self._broker, self._password()
        endpoint = broker.endpoint
        hosts = [endpoint.host]
        if not endpoint.tls:  # the address that was looked at is the one that is connected to
            hosts = addresses_of(endpoint)
            self._gate.check_local("home", hosts)
        for number, host in enumerate(hosts):
            session = _Session(broker, replace(endpoint, host=host), password)
            try:
                session.open(until)
            except (OSError, UnicodeError) as error:
                session.close()
                if number + 1 == len(hosts):
                    raise NetworkFailed(_LOST) from error
            except NetworkFailed:
                session.close()
                raise
            else:
                return session
        raise NetworkFailed(_LOST)


class _Session:
    """One connection, and what came over it: a thread takes it in, with the lock of `_changed`, as
    the library is called by one at a time.
    """

    def __init__(self, broker: Broker, endpoint: Endpoint, password: str) -> None:
        self._broker = broker
        self._endpoint = endpoint
        self._password = password
        self._changed = threading.Condition()
        self._client: Client | None = None
        self._thread: threading.Thread | None = None
        self._wakes, self._woken = socket.socketpair()
        self._accepted: int | None = None
        self.is_over = False
        self._asked: set[int] = set()
        """Subscriptions that are not answered yet."""
        self._published: dict[int, int] = {}
        self._kept_at = 0.0
        """When the last message came that the broker had kept."""
        self._announced: dict[str, Mapping[str, Entity]] = {}
        self._entities: dict[str, Entity] | None = None
        """Of all that is announced, what is trusted; None where that has changed since."""
        self._wanted: set[str] = set()
        self._seen: dict[str, str] = {}

    def open(self, until: float) -> None:
        """Connect, and take in what the broker has kept.

        Args:
            until: when all of that is given up, in the seconds of `time.monotonic`.

        Raises:
            OSError: it can't be reached, or shows no certificate that is trusted.
            NetworkFailed: it refuses, or does not answer.
        """
        from paho.mqtt.client import Client, MQTTv5
        from paho.mqtt.enums import CallbackAPIVersion
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5, reconnect_on_failure=False)
        self._client = client
        client.connect_timeout = self._wait_s(until)
        if self._broker.user:
            client.username_pw_set(self._broker.user, self._password)
        if self._endpoint.tls:
            client.tls_set_context(trust(self._broker.ca_file))  # pyright: ignore[reportUnknownMemberType]
        client.on_connect = self._take_answer
        client.on_disconnect = self._take_end
        client.on_subscribe = self._take_subscribed
        client.on_publish = self._take_published
        client.on_message = self._take
        properties = Properties(PacketTypes.CONNECT)
        properties.MaximumPacketSize = _MOST_PACKET_BYTES
        client.connect(
            self._endpoint.host, self._endpoint.port, _KEEPALIVE_S, properties=properties
        )
        self._thread = threading.Thread(
            target=self._serve, args=(client,), name="mqtt", daemon=True
        )
        self._thread.start()
        self._wait(lambda: self._accepted is not None, until)
        self._check_accepted()
        # A component at a time, so that a large home's announcements don't come all at once.
        for component in ("device", *KINDS):
            with self._changed:
                self._kept_at = time.monotonic()
                under = f"{self._broker.prefix}/{component}"
                self._subscribe([f"{under}/{path}/config" for path in ("+", "+/+")])
            self._wait(lambda: not self._asked and not self.is_over, until)
        self._settle(until)

    def check(self, until: float) -> None:
        """Return if the broker still answers; until: see `open`. Raises NetworkFailed."""
        with self._changed:
            if self.is_over:
                raise NetworkFailed(_LOST)
            self._subscribe([f"{self._broker.prefix}/device/+/config"], again=True)
        self._wait(lambda: not self._asked and not self.is_over, until)

    def devices(self) -> list[HomeDevice]:
        """All that was announced, as it last told."""
        with self._changed:
            return [device_of(each, self._seen) for each in self._known().values()]

    def device(self, entity_id: str) -> HomeDevice | None:
        """One of them."""
        with self._changed:
            found = self._known().get(entity_id)
            return None if found is None else device_of(found, self._seen)

    def entity(self, entity_id: str) -> Entity | None:
        """What one of them announced."""
        with self._changed:
            return self._known().get(entity_id)

    def _known(self) -> dict[str, Entity]:
        """The entities by id. Holds the lock."""
        if self._entities is None:
            together: dict[str, Entity] = {}
            for each in self._announced.values():
                together.update(each)
            self._entities = trusted(together)
        return self._entities

    def send(self, topic: str, payload: str) -> None:
        """Send a message; returns when the broker has it. Raises NetworkFailed.

        What is given up does not go out later: with the session ends what it still had to send.
        """
        client = self._client
        assert client is not None
        until = _given_up_at(math.inf)
        with self._changed:
            _ = self._wait_s(until)
            if self.is_over:
                raise NetworkFailed(_LOST)
            mid = client.publish(topic, payload, qos=1).mid
        try:
            self._wait(lambda: mid in self._published, until)
        except NetworkFailed:
            self._break_off()
            raise NetworkFailed(
                "Your home's broker gave no answer, so I can't say whether that was done."
            ) from None
        if self._published.pop(mid) >= _REFUSED:
            raise NetworkFailed("Your home's broker doesn't let me send that.")

    def close(self) -> None:
        """Leave; nothing is taken in any more."""
        with self._changed:
            # To say goodbye would also send what was given up.
            if self._client is not None and not self.is_over:
                self._client.disconnect()
            self.is_over = True
        if self._thread is not None:
            self._woken.send(b"x")
            self._thread.join()
        self._wakes.close()
        self._woken.close()

    def _break_off(self) -> None:
        with self._changed:
            if not self.is_over:
                self.is_over = True
                self._woken.send(b"x")

    def _serve(self, client: "Client") -> None:
        """Move what comes and goes, until it is over.

        The library's own loop would open a socket on this device for itself to be woken by.
        """
        try:
            while not self.is_over:
                self._move(client)
        finally:
            if (left := client.socket()) is not None:
                left.close()
            self._take_end()

    def _move(self, client: "Client") -> None:
        from paho.mqtt.enums import MQTTErrorCode

        with self._changed:
            connection = client.socket()
            if connection is None:
                self.is_over = True
                return
            poll = select.poll()
            writes = select.POLLOUT if client.want_write() else 0
            poll.register(connection.fileno(), select.POLLIN | writes)
            poll.register(self._wakes, select.POLLIN)
            read_ahead = isinstance(connection, ssl.SSLSocket) and connection.pending() > 0
        ready = dict(poll.poll(0 if read_ahead else _LOOK_S * 1000))
        with self._changed:
            if self.is_over:
                return
            done = MQTTErrorCode.MQTT_ERR_SUCCESS
            if read_ahead or ready.keys() - {self._wakes.fileno()}:
                done = client.loop_read()
            for step in (client.loop_write, client.loop_misc):
                if done == MQTTErrorCode.MQTT_ERR_SUCCESS:
                    done = step()
            if done != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self.is_over = True

    def _check_accepted(self) -> None:
        code = self._accepted or 0
        if code in _BAD_PASSWORD:
            raise Unauthorized(
                "Your home's broker doesn't take the user and password that I was given."
            )
        if code == _OTHER_VERSION:
            raise NetworkFailed("Your home's broker doesn't speak MQTT 5: bring it up to date.")
        if code >= _REFUSED:
            raise NetworkFailed("Your home's broker refused the connection.")

    def _wait_s(self, until: float) -> float:
        """How long an answer is waited for. Raises NetworkFailed where that is over."""
        wait_s = min(self._broker.timeout_s, until - time.monotonic())
        if wait_s <= 0:
            raise NetworkFailed(_SLOW)
        return wait_s

    def _wait(self, is_so: Callable[[], bool], until: float) -> None:
        """Return once it is so. Raises NetworkFailed when that takes too long, or it is over."""
        with self._changed:
            wait_s = self._wait_s(until)
            if not self._changed.wait_for(lambda: self.is_over or is_so(), wait_s):
                raise NetworkFailed(_SLOW)
            if not is_so():
                raise NetworkFailed(_LOST)

    def _settle(self, until: float) -> None:
        """Return once what the broker had kept is in, or at least much of it."""
        until = time.monotonic() + self._wait_s(until)
        with self._changed:
            while not self.is_over and (now := time.monotonic()) < until:
                quiet_s = now - self._kept_at
                if quiet_s >= _QUIET_S and not self._asked:
                    return
                self._changed.wait(max(0.01, min(_QUIET_S - quiet_s, until - now)))
        if self.is_over:
            raise NetworkFailed(_LOST)

    def _subscribe(self, topics: Sequence[str], *, again: bool = False) -> None:
        """Ask for topics. again: not for what the broker has kept of them. Holds the lock."""
        from paho.mqtt.subscribeoptions import SubscribeOptions

        client = self._client
        assert client is not None
        kept = (
            SubscribeOptions.RETAIN_DO_NOT_SEND
            if again
            else SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
        )
        options = SubscribeOptions(qos=0, noLocal=True, retainHandling=kept)
        _, mid = client.subscribe([(topic, options) for topic in topics])
        if mid is None:
            self.is_over = True
        else:
            self._asked.add(mid)

    # what the library calls

    def _take_answer(
        self, _client: "Client", _data: Any, _flags: Any, code: "ReasonCode", _more: Any
    ) -> None:
        with self._changed:
            self._accepted = code.value
            self._changed.notify_all()

    def _take_end(self, *_: object) -> None:
        with self._changed:
            self.is_over = True
            self._changed.notify_all()

    def _take_subscribed(self, _client: "Client", _data: Any, mid: int, *_: object) -> None:
        with self._changed:
            self._asked.discard(mid)
            self._kept_at = time.monotonic()
            self._changed.notify_all()

    def _take_published(
        self, _client: "Client", _data: Any, mid: int, code: "ReasonCode", _more: Any
    ) -> None:
        with self._changed:
            self._published[mid] = code.value
            self._changed.notify_all()

    def _take(self, _client: "Client", _data: Any, message: "MQTTMessage") -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        with self._changed:
            if message.retain:
                self._kept_at = time.monotonic()
            if topic.startswith(f"{self._broker.prefix}/") and topic.endswith("/config"):
                self._take_announcement(topic, bytes(message.payload))
            elif topic in self._wanted:
                self._take_state(topic, bytes(message.payload))
            self._changed.notify_all()

    def _take_announcement(self, topic: str, payload: bytes) -> None:
        self._announced.pop(topic, None)
        found = entities_of(topic, payload, self._broker.prefix)
        if found and sum(map(len, self._announced.values())) + len(found) <= _MOST_ENTITIES:
            self._announced[topic] = found
        self._entities = None
        new = sorted(
            frozenset[str]().union(*(topics_of(each) for each in found.values())) - self._wanted
        )[: max(0, _MOST_TOPICS - len(self._wanted))]
        if new:
            self._wanted.update(new)
            self._subscribe(new)

    def _take_state(self, topic: str, payload: bytes) -> None:
        """Keep the last message of a topic; of one that is no text, or too long, nothing."""
        self._seen.pop(topic, None)
        if len(payload) <= _MOST_STATE_BYTES:
            try:
                self._seen[topic] = payload.decode("utf-8")
            except UnicodeDecodeError:
                return


def _given_up_at(most_s: float) -> float:
    """When what begins now is given up, in the seconds of `time.monotonic`: by who asked for it, or
    after `most_s`.
    """
    left = left_s()
    return time.monotonic() + (most_s if left is None else min(most_s, left))
