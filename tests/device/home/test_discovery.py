"""What devices announce and tell, as values."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tools.home_said import Order
from agents.tools.home_words import Action, Kind
from device.home.announced import KINDS, Entity, entities_of, topics_of, trusted
from device.home.discovery import CannotDo, device_of, messages_for
from device.home.templates import filled, rendered

PREFIX = "homeassistant"


def entity(component: str, **config: Any) -> Entity:
    config = {"state_topic": "s", "command_topic": "c", "name": "thing", **config}
    raw = json.dumps({key: value for key, value in config.items() if value is not ...}).encode()
    (found,) = entities_of(f"{PREFIX}/{component}/x/config", raw, PREFIX).values()
    return found


def sent(made: Entity, action: Action, **order: Any) -> list[tuple[str, Any]]:
    def read(payload: str) -> Any:
        return json.loads(payload) if payload.startswith("{") else payload

    return [(topic, read(said)) for topic, said in messages_for(made, Order(action, **order))]


GOOD = {
    f"{component}/good": entity_at
    for component, entity_at in (
        ("light", entity("light", state_topic="lamp", command_topic="lamp/set",
                         bri_stat_t="level")),
        ("lock", entity("lock", state_topic="door", command_topic="door/set")),
        ("sensor", entity("sensor", state_topic="out", command_topic=...,
                          val_tpl="{{ value_json.c }}")),
    )
}  # fmt: skip


class TestTemplates:
    @pytest.mark.parametrize(
        ("template", "payload", "value"),
        [
            (None, "ON", "ON"),
            ("{{ value }}", "ON", "ON"),
            ("{{value_json.state}}", '{"state": "ON"}', "ON"),
            ("{{- value_json['a b'].c[1] | float | round(1) -}}", '{"a b": {"c": [0, 7.25]}}',
             "7.25"),
            ("{{ value_json.open }}", '{"open": true}', "True"),
            ("{{ value_json.state | lower }}", '{"state": "OFF"}', "off"),
            ("{{ value_json.state | default('x') }}", "{}", None),
            ("{{ value_json.state }}", "no json", None),
            ("{{ value_json.state }}", "[" * 100_000, None),
            ("{{ value_json[7] }}", "[1]", None),
            ("{{ value_json.a.b }}", '{"a": 5}', None),
            ("{{ {'off': 0, 'low': 33}[value_json.mode] | default('None') }}", '{"mode": "low"}',
             "33"),
            ("{{ {'off': 0}[value_json.mode] }}", '{"mode": "wild"}', None),
            ("{% if value_json.on %} true {% else %} false {% endif %}", '{"on": true}', "true"),
            ("{% if value_json.on %} true {% else %} false {% endif %}", "{}", "false"),
            ("{{ 'a' * 10 ** 10 }}", "{}", None),
            ("{% for a in range(10**9) %}{% endfor %}", "{}", None),
            ("{{ value.__class__.__mro__ }}", "x", None),
            ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "x", None),
            ("{{ {'a': __import__('os')}[value] }}", "a", None),
        ],
    )  # fmt: skip
    def test_what_a_message_says(self, template, payload: str, value) -> None:
        assert rendered(template, payload) == value

    @pytest.mark.parametrize(
        ("template", "value", "message"),
        [
            (None, "ON", "ON"),
            ('{ "position": {{ position }} }', "40", '{ "position": 40 }'),
            ("{{ value | int }}", "3", "3"),
            ("{{ {0: 'off', 1: 'low'}[value] | default('') }}", "1", "low"),
            ("{{ {0: 'off'}[value] }}", "7", None),
            ("{{ states('lock.front') }}", "1", None),
            ("{% if value %}x{% endif %}", "1", None),
        ],
    )
    def test_what_is_sent(self, template, value: str, message) -> None:
        assert filled(template, value) == message

    @given(st.text(max_size=80), st.text(max_size=80))
    def test_no_template_breaks_it(self, template: str, payload: str) -> None:
        for text in (template, "{{" + template + "}}", "{{ value_json." + template + "}}"):
            assert isinstance(rendered(text, payload), str | None)
            assert isinstance(filled(text, payload), str | None)


class TestAnnouncements:
    def test_of_one_thing_with_abbreviations(self) -> None:
        raw = json.dumps({"~": "esp/x", "cmd_t": "~/set", "stat_t": "~", "dev": {"name": "Desk"},
                          "name": "Lamp", "avty_t": "~/status"}).encode()  # fmt: skip
        (found,) = entities_of(f"{PREFIX}/light/node/x/config", raw, PREFIX).values()
        assert (found.id, found.name) == ("light/node/x", "Desk Lamp")
        assert topics_of(found) == {"esp/x", "esp/x/status"}
        assert sent(found, Action.ON) == [("esp/x/set", "ON")]

    @pytest.mark.parametrize(
        ("name", "device", "called"),
        [(None, "Desk", "Desk"), ("Lamp", None, "Lamp"), ("Desk Lamp", "desk", "Desk Lamp"),
         ("Lamp", "Desk", "Desk Lamp"), (None, None, "hall lamp"), (5, ["x"], "hall lamp"),
         ("Lamp \udc00", "Desk", "Desk")],
    )  # fmt: skip
    def test_what_it_is_called(self, name, device, called: str) -> None:
        raw = json.dumps({"name": name, "device": {"name": device}, "state_topic": "s"}).encode()
        (found,) = entities_of(f"{PREFIX}/light/hall_lamp/config", raw, PREFIX).values()
        assert found.name == called

    @pytest.mark.parametrize(
        "config",
        [
            {"entity_category": "config"}, {"ent_cat": "diagnostic"}, {"en": False},
            {"schema": "template"}, {"state_topic": "a/#", "command_topic": "a/+"},
            {"state_topic": "$SYS/x", "command_topic": ""},
            {"state_topic": "x" * 400, "command_topic": "a\nb"},
            {"state_topic": "\ud83d", "command_topic": "a" + "/a" * 120},
        ],
        ids=repr,
    )  # fmt: skip
    def test_what_is_not_for_people_or_makes_no_sense_is_left_out(self, config) -> None:
        raw = json.dumps({"state_topic": "s", "command_topic": "c", **config}).encode()
        assert entities_of(f"{PREFIX}/light/x/config", raw, PREFIX) == {}

    @pytest.mark.parametrize(
        "topic",
        ["light/config", "light/x", "light/a/b/c/config", "light//config", "light/ü/config",
         "button/x/config", "light/a.b/config"],
    )  # fmt: skip
    def test_where_nothing_is_announced(self, topic: str) -> None:
        assert entities_of(f"{PREFIX}/{topic}", b'{"state_topic": "s"}', PREFIX) == {}

    def test_what_orders_a_lock_by_another_name(self) -> None:
        lock = entity("lock", command_topic="front/set")
        plug = entity("switch", command_topic="front/set", name="plug")
        below = entity("fan", command_topic="front/set/state")
        other = entity("light", command_topic="front/settings")
        child = entity("lock", command_topic="trv/set/child_lock")
        heat = entity("climate", temperature_command_topic="trv/set/heat", command_topic=...)
        all_of_them = (lock, plug, below, other, child, heat)
        found = trusted({str(at): each for at, each in enumerate(all_of_them)})
        assert list(found.values()) == [lock, other, child, heat]

    @pytest.mark.parametrize(
        ("config", "is_one"),
        [
            ({}, True),
            ({"payload_on": "ON", "payload_off": "OFF"}, True),
            ({"schema": "json", "brightness": True}, True),
            ({"payload_on": "UNLOCK"}, False),
            ({"payload_on": '{"child_lock": "UNLOCK"}'}, False),
            ({"command_template": '{"child_lock": "UNLOCK"}'}, False),
            ({"pct_cmd_t": "x", "percentage_command_template": "UNLOCK"}, False),
        ],
    )
    def test_what_sends_to_a_topic_above_a_lock_is_sent_on_and_off_alone(
        self, config, *, is_one: bool
    ) -> None:
        lock = entity("lock", command_topic="plug/set/child_lock")
        plug = entity("light", command_topic="plug/set", **config)
        beside = entity("light", command_topic="plug/se", **config)
        found = trusted({"lock": lock, "plug": plug, "beside": beside})
        assert found.keys() == {"lock", "beside", *(["plug"] if is_one else [])}
        cover = entity("cover", command_topic="plug/set")
        assert trusted({"lock": lock, "cover": cover}).keys() == {"lock"}


class TestTelling:
    @pytest.mark.parametrize(
        ("component", "config", "seen", "shown"),
        [
            ("switch", {"stat_on": "1", "stat_off": "0"}, {"s": "1"}, ("on", None)),
            ("switch", {}, {"s": "maybe"}, ("unknown", None)),
            ("switch", {}, {}, ("unknown", None)),
            ("light", {"bri_stat_t": "b", "bri_scl": 100}, {"s": "ON", "b": "30"}, ("on", 30)),
            ("light", {"bri_stat_t": "b"}, {"s": "OFF", "b": "30"}, ("off", None)),
            ("light", {"bri_stat_t": "b", "bri_scl": 1e-300}, {"s": "ON", "b": "51"}, ("on", 20)),
            ("light", {"bri_stat_t": "b", "bri_scl": -5}, {"s": "ON", "b": "51"}, ("on", 20)),
            ("light", {"bri_stat_t": "b", "bri_scl": 10}, {"s": "ON", "b": "51"}, ("on", 100)),
            ("switch", {"val_tpl": "{{ value_json.a }}"}, {"s": '{"a": "\\ud800"}'},
             ("unknown", None)),
            ("cover", {"pos_t": "p", "pos_open": 1e-300, "pos_clsd": 0}, {"p": "7"},
             ("open", 100)),
            ("light", {"schema": "json"}, {"s": '{"state": "ON", "brightness": 51}'}, ("on", 20)),
            ("light", {"schema": "json"}, {"s": '{"state": ["ON"]}'}, ("unknown", None)),
            ("fan", {"pct_stat_t": "p", "spd_rng_max": 3}, {"s": "ON", "p": "2"}, ("on", 66)),
            ("fan", {"pct_stat_t": "p", "spd_rng_min": 5, "spd_rng_max": 5},
             {"s": "ON", "p": "50"}, ("on", 50)),
            ("cover", {"pos_t": "p", "pos_open": 0, "pos_clsd": 255}, {"p": "255"}, ("closed", 0)),
            ("cover", {"pos_t": "p", "pos_open": 5, "pos_clsd": 5}, {"p": "100"}, ("open", 100)),
            ("cover", {}, {"s": "closing"}, ("closing", None)),
            ("cover", {"pos_t": "p"}, {"s": "stopped", "p": "0"}, ("closed", 0)),
            ("lock", {}, {"s": "UNLOCKING"}, ("unlocking", None)),
            ("binary_sensor", {"dev_cla": "door", "pl_on": False, "pl_off": True},
             {"s": "False"}, ("open", None)),
        ],
    )  # fmt: skip
    def test_how_it_is(self, component: str, config, seen, shown) -> None:
        found = device_of(entity(component, **config), seen)
        assert (found.state, found.percent) == shown

    @pytest.mark.parametrize(
        ("config", "seen", "away"),
        [
            ({"avty_t": "a"}, {"a": "offline"}, True),
            ({"avty_t": "a"}, {"a": "online"}, False),
            ({"avty_t": "a"}, {}, False),
            ({"avty_t": "a", "pl_not_avail": "dead"}, {"a": "dead"}, True),
            ({"avty": [{"t": "a"}, {"t": "b"}]}, {"a": "online", "b": "offline"}, True),
            ({"avty": [{"t": "a"}, {"t": "b"}], "avty_mode": "any"},
             {"a": "online", "b": "offline"}, False),
            ({"avty": {"t": "a", "val_tpl": "{{ value_json.s }}"}}, {"a": '{"s":"offline"}'},
             True),
        ],
    )  # fmt: skip
    def test_whether_it_can_be_reached(self, config, seen, *, away: bool) -> None:
        found = device_of(entity("switch", **config), {"s": "ON", **seen})
        assert found.state == ("unavailable" if away else "on")

    @pytest.mark.parametrize("number", ["1e999", "nan", "12345678901234", "", "x" * 5000, "[1]"])
    def test_a_number_that_is_none(self, number: str) -> None:
        found = device_of(entity("sensor"), {"s": number})
        assert found.measured is None
        assert len(found.state) <= 60


class TestOrders:
    @pytest.mark.parametrize(
        ("component", "config", "order", "messages"),
        [
            ("light", {}, {"action": Action.OFF}, [("c", "OFF")]),
            ("light", {"bri_cmd_t": "b"}, {"percent": 50}, [("b", "128"), ("c", "ON")]),
            ("light", {"bri_cmd_t": "b", "on_cmd_type": "first"}, {"percent": 50},
             [("c", "ON"), ("b", "128")]),
            ("light", {"bri_cmd_t": "b", "on_cmd_type": "brightness"}, {"percent": 50},
             [("b", "128")]),
            ("light", {"bri_cmd_t": "b"}, {"percent": 0}, [("c", "OFF")]),
            ("light", {"bri_cmd_t": "b"}, {"percent": 0.1}, [("b", "1"), ("c", "ON")]),
            ("light", {"rgb_cmd_t": "r"}, {"colour": "red"}, [("r", "255,0,0"), ("c", "ON")]),
            ("light", {"hs_cmd_t": "h"}, {"colour": "blue"}, [("h", "240,100"), ("c", "ON")]),
            ("light", {"clr_temp_cmd_t": "t"}, {"colour": "warm white"},
             [("t", "370"), ("c", "ON")]),
            ("light", {"clr_temp_cmd_t": "t", "clr_temp_k": True}, {"colour": "warm white"},
             [("t", "2700"), ("c", "ON")]),
            ("light", {"schema": "json"}, {"action": Action.ON}, [("c", {"state": "ON"})]),
            ("light", {"schema": "json", "brightness": True, "bri_scl": 254}, {"percent": 100},
             [("c", {"state": "ON", "brightness": 254})]),
            ("light", {"schema": "json", "sup_clrm": ["rgb"]}, {"colour": "green"},
             [("c", {"state": "ON", "color": {"r": 0, "g": 255, "b": 0}})]),
            ("light", {"schema": "json", "sup_clrm": ["hs"]}, {"colour": "cyan"},
             [("c", {"state": "ON", "color": {"h": 180, "s": 100}})]),
            ("light", {"schema": "json", "sup_clrm": ["xy"]}, {"colour": "red"},
             [("c", {"state": "ON", "color": {"x": 0.6401, "y": 0.33}})]),
            ("switch", {"pl_on": 1}, {"action": Action.ON}, [("c", "1")]),
            ("switch", {"pl_on": "\ud83d"}, {"action": Action.ON}, [("c", "ON")]),
            ("fan", {"pct_cmd_t": "p", "spd_rng_max": 3}, {"percent": 60}, [("p", "2")]),
            ("fan", {"pct_cmd_t": "p"}, {"percent": 0}, [("c", "OFF")]),
            ("cover", {"pl_cls": "down"}, {"action": Action.CLOSE}, [("c", "down")]),
            ("cover", {"set_pos_t": "p", "pos_open": 0, "pos_clsd": 200}, {"percent": 25},
             [("p", "150")]),
            ("lock", {"cmd_tpl": '{"lock": "{{ value }}"}'}, {"action": Action.LOCK},
             [("c", {"lock": "LOCK"})]),
            ("climate", {"temp_cmd_t": "t"}, {"degrees": 21.0}, [("t", "21")]),
            ("climate", {"mode_cmd_t": "m", "modes": ["off", "cool"]}, {"action": Action.ON},
             [("m", "cool")]),
            ("climate", {"mode_cmd_t": "m", "modes": ["off", "auto", "heat"]},
             {"action": Action.ON}, [("m", "heat")]),
            ("climate", {"mode_cmd_t": "m", "modes": ["off"]}, {"action": Action.OFF},
             [("m", "off")]),
            ("climate", {"pow_cmd_t": "w"}, {"action": Action.OFF}, [("w", "OFF")]),
        ],
    )  # fmt: skip
    def test_what_is_sent(self, component: str, config, order, messages) -> None:
        assert sent(entity(component, **config), **{"action": Action.SET, **order}) == messages

    @pytest.mark.parametrize(
        ("component", "config", "order"),
        [
            ("light", {}, {"percent": 50}),
            ("light", {}, {"colour": "red"}),
            ("light", {"rgb_cmd_t": "r"}, {"colour": "chartreuse"}),
            ("light", {"rgb_cmd_t": "r", "rgb_cmd_tpl": "{{ red }}"}, {"colour": "red"}),
            ("light", {"schema": "json"}, {"percent": 50}),
            ("light", {"schema": "json", "sup_clrm": ["onoff"]}, {"percent": 50}),
            ("light", {"schema": "json", "sup_clrm": ["brightness"]}, {"colour": "red"}),
            ("light", {"command_topic": ...}, {"action": Action.ON}),
            ("switch", {}, {"percent": 50}),
            ("cover", {"pl_open": None}, {"action": Action.OPEN}),
            ("cover", {"set_pos_t": "p", "set_pos_tpl": "{{ x(position) }}"}, {"percent": 5}),
            ("climate", {"mode_cmd_t": "m", "modes": ["off"]}, {"action": Action.ON}),
            ("climate", {}, {"degrees": 20.0}),
            ("sensor", {}, {"action": Action.ON}),
            ("climate", {"mode_cmd_t": "m", "modes": 5}, {"action": Action.ON}),
            ("climate", {"mode_cmd_t": "m", "modes": "heat"}, {"action": Action.ON}),
            ("light", {"schema": "json", "sup_clrm": 5}, {"colour": "red"}),
            ("light", {"schema": "json", "sup_clrm": True}, {"percent": 5}),
        ],
    )
    def test_what_it_can_not_be_told_is_said(self, component: str, config, order) -> None:
        made = entity(component, **config)
        with pytest.raises(CannotDo, match="I don't know how to have the thing do that"):
            messages_for(made, Order(**{"action": Action.SET, **order}))


TEXT = st.text(st.characters(), max_size=20)
"""With halves of characters, as JSON may name them."""
NUMBERS = st.floats() | st.sampled_from([1e-300, -1e-300, 1e300, 0, 1, -255])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | TEXT,
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["name", "device", "state_topic", "command_topic", "schema", "availability", "components",
     "brightness_scale", "position_topic", "position_open", "modes", "supported_color_modes",
     "value_template", "payload_on", "speed_range_min", "unit_of_measurement", "device_class",
     "brightness", "mode_state_topic", "percentage_state_topic", "set_position_topic",
     "percentage_command_topic", "temperature_command_topic", "brightness_command_topic",
     "brightness_state_topic", "position_closed", "speed_range_max", "mode_command_topic",
     "availability_topic", "payload_not_available", "payload_off", "command_template"]
)  # fmt: skip
ORDERS = st.one_of(
    st.builds(Order, st.sampled_from(Action)),
    st.builds(Order, st.just(Action.SET), percent=st.floats(0, 100)),
    st.builds(Order, st.just(Action.SET), degrees=st.floats(5, 95)),
    st.builds(Order, st.just(Action.SET), colour=st.sampled_from(["red", "white", "x"])),
)


ODD = st.sampled_from(["s", "c", "ON", "json", "\ud83d", 0, 1, 5, 1e-300])
WAYS = {f"{what}topic": way for way, what in [
    ("s", "state_"), ("c", "command_"), ("c", "brightness_state_"), ("c", "position_"),
    ("c", "mode_command_"), ("c", "set_position_"), ("c", "percentage_state_")]}  # fmt: skip
CONFIGS = st.dictionaries(KEYS, JSON | ODD) | st.dictionaries(KEYS, ODD).map(
    lambda config: {**WAYS, **config}
)
COMPONENTS = st.sampled_from([*KINDS, "device"])
SAYS = [("ON", "27"), ('{"state": "ON", "brightness": 90}', "1e-300"), ("\u2603", "-1")]
"""What may be told on two topics."""


@given(COMPONENTS, CONFIGS, JSON, ORDERS)
def test_nothing_that_is_announced_or_told_breaks_it(component, config, said, order) -> None:
    raw = json.dumps(config).encode()
    for each in entities_of(f"{PREFIX}/{component}/x/config", raw, PREFIX).values():
        for payload in (json.dumps(said), str(said)):
            found = device_of(each, {"s": payload, "c": payload})
            assert found.kind in Kind
            assert found.said.isprintable()
            assert found.said_state.isprintable()
            for number in (found.percent, found.degrees, found.measured):
                assert number is None or abs(number) < 1e10
            assert found.percent is None or 0 <= found.percent <= 100
        assert all("+" not in topic and "#" not in topic for topic in topics_of(each))
        try:
            messages = messages_for(each, order)
        except CannotDo:
            continue
        for topic, payload in messages:
            assert topic
            assert "+" not in topic
            assert topic.encode()
            assert isinstance(payload.encode(), bytes)


@given(
    COMPONENTS,
    CONFIGS.map(json.dumps).map(str.encode) | JSON.map(json.dumps).map(str.encode) | st.binary(),
    st.sampled_from(SAYS),
)
def test_one_odd_announcement_hides_no_other(component: str, raw: bytes, said) -> None:
    odd = entities_of(f"{PREFIX}/{component}/odd/config", raw, PREFIX)
    found = trusted({**GOOD, **odd})
    seen = {"s": said[0], "c": said[1], "lamp": "ON", "level": "128", "out": '{"c": 7}'}
    shown = {name: device_of(each, seen) for name, each in found.items()}
    assert {name: each for name, each in shown.items() if name in GOOD} == {
        name: device_of(each, seen) for name, each in GOOD.items()
    }
    assert all(each.name.encode() and each.said_state.isprintable() for each in shown.values())
    assert all(topic.encode() for each in found.values() for topic in topics_of(each))
