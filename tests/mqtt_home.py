"""A real MQTT broker on this machine, and devices on it that announce themselves and do as told."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

_SYNC = "house/sync"
_WITH_SBIN = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def tool(name: str) -> str:
    """Where one of the broker's programs is; skips the test where it isn't."""
    found = shutil.which(name, path=_WITH_SBIN)
    if found is None:
        pytest.skip("mosquitto is not installed (scripts/setup --test installs it)")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LocalBroker:
    """One mosquitto on 127.0.0.1. tls: a file of `certificate`. users: names and passwords."""

    def __init__(
        self,
        folder: Path,
        tls: Path | None = None,
        users: Iterable[tuple[str, str]] = (),
        acl: str = "",
    ) -> None:
        self.port = free_port()
        self.tls = tls
        self._file = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "log_type none"]
        if os.geteuid() == 0:
            lines.append("user root")  # else it becomes one that can't read a test's folder
        if tls is not None:
            lines += [f"certfile {tls}", f"keyfile {tls}"]
        passwords = folder / "passwords"
        for user, password in users:
            subprocess.run(
                [tool("mosquitto_passwd"), *([] if passwords.exists() else ["-c"]), "-b",
                 str(passwords), user, password], check=True, capture_output=True,
            )  # fmt: skip
        lines += [f"password_file {passwords}"] if passwords.exists() else ["allow_anonymous true"]
        if acl:
            (folder / "acl").write_text(acl)
            lines.append(f"acl_file {folder / 'acl'}")
        self._file.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen([tool("mosquitto"), "-c", str(self._file)])
        for _ in range(250):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("mosquitto did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def broker_in(folder: Path, **more: Any) -> Generator[LocalBroker]:
    """A broker that runs in this block."""
    broker = LocalBroker(folder, **more)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


class House:
    """Devices on a broker, announced as the common programs announce theirs.

    deaf: ids of devices that do nothing. told: topics and messages that came, in order.
    """

    def __init__(self, broker: LocalBroker, **login: str) -> None:
        self.broker = broker
        self.deaf: set[str] = set()
        self._kept: set[str] = set()
        self.told: list[tuple[str, str]] = []
        self._answers: dict[str, tuple[str, Any]] = {}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if login:
            self._client.username_pw_set(login["user"], login["password"])
        self._client.on_message = self._take
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        self._synced = threading.Event()
        self._client.subscribe([("+/+/set/#", 0), (_SYNC, 0)])
        assert subscribed.wait(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def heard(self) -> list[tuple[str, str]]:
        """What it was told, once all has come that the broker had before."""
        self._synced.clear()
        self._client.publish(_SYNC)
        assert self._synced.wait(10)
        return self.told

    def publish(self, topic: str, said: Any, *, retain: bool = True) -> None:
        """Returns when the broker has it."""
        raw = said if isinstance(said, str | bytes) else json.dumps(said)
        self._client.publish(topic, raw, qos=1, retain=retain).wait_for_publish(10)
        if retain:
            self._kept.add(topic)

    def clear(self) -> None:
        """Have the broker keep nothing of this house any more."""
        for topic in self._kept:
            self._client.publish(topic, b"", qos=1, retain=True).wait_for_publish(10)

    def announce(self, path: str, config: Any) -> None:
        self.publish(f"homeassistant/{path}/config", config)

    def answer(self, device_id: str, topic: str, how: Any) -> None:
        """Have a device at a topic. how: from a message, the topics and messages of its answer."""
        self._answers[topic] = (device_id, how)

    def _take(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic == _SYNC:
            self._synced.set()
            return
        text = message.payload.decode()
        self.told.append((message.topic, text))
        device_id, how = self._answers.get(message.topic, ("", None))
        if how is None or device_id in self.deaf:
            return
        for topic, said in how(text):
            raw = said if isinstance(said, str) else json.dumps(said)
            self._client.publish(topic, raw, qos=1, retain=True)


def furnish(house: House) -> None:
    """A light as zigbee2mqtt announces it, a switch as ESPHome, and one each of the rest."""
    z2m = {"device": {"name": "Desk Lamp"}, "availability": [{"topic": "z2m/bridge/state",
           "value_template": "{{ value_json.state }}"}]}  # fmt: skip
    house.announce("light/0x01/light", {
        **z2m, "name": None, "schema": "json", "state_topic": "z2m/desk",
        "command_topic": "z2m/desk/set", "brightness": True, "brightness_scale": 254,
        "supported_color_modes": ["xy", "color_temp"],
    })  # fmt: skip
    state: dict[str, Any] = {"state": "ON", "brightness": 127, "linkquality": 80}

    def lamp(text: str) -> Any:
        state.update(json.loads(text))
        return [("z2m/desk", state)]

    house.publish("z2m/bridge/state", {"state": "online"})
    house.publish("z2m/desk", state)
    house.answer("light/0x01/light", "z2m/desk/set", lamp)

    house.announce("light/kitchen/main", {
        "~": "esp/kitchen", "name": "Kitchen Light", "stat_t": "~/state", "cmd_t": "~/set",
        "avty_t": "~/status", "uniq_id": "k1", "dev": {"ids": "k1", "name": "Kitchen"},
    })  # fmt: skip
    house.publish("esp/kitchen/state", "OFF")
    house.publish("esp/kitchen/status", "online")
    house.answer(
        "light/kitchen/main", "esp/kitchen/set", lambda text: [("esp/kitchen/state", text)]
    )

    for path, config, before, answers in _REST:
        house.announce(path, config)
        for topic, said in before.items():
            house.publish(topic, said)
        for topic, how in answers.items():
            house.answer(path, topic, how)


_LOCKED = {"LOCK": "LOCKED", "UNLOCK": "UNLOCKED"}
_REST: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        "switch/guests",
        {"name": "guests", "state_topic": "tele/guests", "command_topic": "cmnd/guests/set",
         "value_template": "{{value_json.POWER}}"},
        {"tele/guests": {"POWER": "OFF"}},
        {"cmnd/guests/set": lambda text: [("tele/guests", {"POWER": text})]},
    ),
    (
        "cover/blinds",
        {"name": "Bedroom Blinds", "device_class": "blind", "command_topic": "z2m/blinds/set",
         "position_topic": "z2m/blinds", "position_template": "{{ value_json.position }}",
         "set_position_topic": "z2m/blinds/set/at",
         "set_position_template": '{ "position": {{ position }} }'},
        {"z2m/blinds": {"position": 100}},
        {"z2m/blinds/set": lambda text: [
            ("z2m/blinds", {"position": {"OPEN": 100, "CLOSE": 0}[text]})],
         "z2m/blinds/set/at": lambda text: [("z2m/blinds", json.loads(text))]},
    ),
    (
        "cover/garage",
        {"name": "Garage", "device_class": "garage", "command_topic": "z2m/garage/set",
         "state_topic": "z2m/garage", "state_open": "OPEN", "state_closed": "CLOSE"},
        {"z2m/garage": "CLOSE"},
        {"z2m/garage/set": lambda text: [("z2m/garage", text)]},
    ),
    (
        "lock/front",
        {"name": "Front Door", "command_topic": "z2m/front/set", "state_topic": "z2m/front",
         "value_template": "{{ value_json.state }}"},
        {"z2m/front": {"state": "LOCKED"}},
        {"z2m/front/set": lambda text: [("z2m/front", {"state": _LOCKED[text]})]},
    ),
    (
        "climate/hall",
        {"name": "Thermostat", "modes": ["off", "heat"], "mode_command_topic": "trv/hall/set/mode",
         "mode_state_topic": "trv/hall", "mode_state_template": "{{ value_json['mode'] }}",
         "temperature_command_topic": "trv/hall/set/target",
         "temperature_state_topic": "trv/target",
         "current_temperature_topic": "trv/hall",
         "current_temperature_template": "{{ value_json.local | float }}"},
        {"trv/hall": {"mode": "heat", "local": 18.5}, "trv/target": "19"},
        {"trv/hall/set/mode": lambda text: [("trv/hall", {"mode": text, "local": 18.5})],
         "trv/hall/set/target": lambda text: [("trv/target", text)]},
    ),
    (
        "fan/bath",
        {"name": "Bathroom Fan", "command_topic": "z2m/fan/set", "state_topic": "z2m/fan",
         "percentage_command_topic": "z2m/fan/set/speed", "percentage_state_topic": "z2m/speed",
         "speed_range_max": 10},
        {"z2m/fan": "OFF", "z2m/speed": "0"},
        {"z2m/fan/set": lambda text: [("z2m/fan", text)],
         "z2m/fan/set/speed": lambda text: [("z2m/speed", text), ("z2m/fan", "ON")]},
    ),
    (
        "device/outside",
        {"dev": {"name": "Outside"}, "cmps": {
            "t": {"p": "sensor", "name": None, "stat_t": "outside", "unit_of_meas": "°C",
                  "val_tpl": "{{ value_json.temperature | round(1) }}"},
            "w": {"p": "binary_sensor", "name": "Kitchen window", "dev": {}, "dev_cla": "window",
                  "stat_t": "outside", "val_tpl": "{{ value_json.open }}", "pl_on": True,
                  "pl_off": False},
            "u": {"p": "update", "name": "firmware", "stat_t": "outside"}}},
        {"outside": {"temperature": 7.2, "open": True}},
        {},
    ),
]  # fmt: skip
