import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.button import TAP_S, Button, EraseSign, Move


def signs(*edges: tuple[float, float]) -> list[bool]:
    """Whether each press, by when it goes down and up, would be the sign's hold."""
    sign, found = EraseSign(), list[bool]()
    for down, up in edges:
        found.append(sign.down(down))
        sign.up(up)
    return found


def test_two_taps_and_a_hold() -> None:
    assert signs((0.0, 0.1), (0.3, 0.4), (0.6, 20.0)) == [False, False, True]


@pytest.mark.parametrize(
    "edges",
    [
        [(0.0, 20.0)],
        [(0.0, 0.1), (0.3, 20.0)],
        [(0.0, 0.1), (0.3, 0.4), (2.0, 20.0)],
        [(0.0, 0.1), (2.0, 2.1), (2.3, 20.0)],
        [(0.0, 1.0), (1.2, 1.3), (1.5, 20.0)],
        [(0.0, 0.1), (0.3, 1.3), (1.5, 20.0)],
        [(0.0, 8.0), (8.2, 16.0), (16.2, 30.0)],
    ],
)
def test_no_other_use_of_the_button_is_the_sign(edges) -> None:
    assert not any(signs(*edges))


@given(st.lists(st.tuples(st.floats(0.7, 60), st.floats(0, 60)), max_size=20))
def test_presses_that_are_apart_are_never_the_sign(presses) -> None:
    edges, now = [], 0.0
    for wait, held in presses:
        edges.append((now + wait, now + wait + held))
        now = edges[-1][1]
    assert not any(signs(*edges))


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(TAP_S + 0.01, 60)), max_size=20))
def test_holds_alone_are_never_the_sign(presses) -> None:
    edges, now = [], 0.0
    for wait, held in presses:
        edges.append((now + wait, now + wait + held))
        now = edges[-1][1]
    assert not any(signs(*edges))


def test_a_release_without_a_press_means_nothing() -> None:
    sign = EraseSign()
    sign.up(0.0)
    sign.up(0.1)
    assert not sign.down(0.2)


def moves(button: Button) -> list[Move]:
    """All that nobody has looked at yet."""
    return list(iter(button.next, None))


def test_a_press_is_a_tap_or_a_hold_by_how_long_it_lasts() -> None:
    button = Button()
    button.down(1.0)
    assert moves(button) == [Move.DOWN]
    button.up(1.0 + TAP_S - 0.01)
    button.down(3.0)
    button.up(3.0 + TAP_S + 0.01)
    assert moves(button) == [Move.TAPPED, Move.DOWN, Move.RELEASED]
    assert moves(button) == []


def test_what_goes_up_after_all_was_forgotten_was_never_down() -> None:
    button = Button()
    button.down(0.0)
    assert button.next() is Move.DOWN
    button.down(1.0)
    button.clear()
    button.up(2.0)
    assert moves(button) == []
