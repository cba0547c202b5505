import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.about import about, day_of, kept_between, name_in, names, newest
from context.items import About, Item, Provenance
from context.labels import Label, Trust
from context.policy import OWNER_GENERAL, Purpose

NOW = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("Anna", "Anna"),
        ("Élodie", "Élodie"),
        ("my sister Anna", "Anna"),
        ("my best friend Anna Smith", "Anna Smith"),
        ("my wife's sister Anna", "Anna"),
        ("Mr Smith", "Mr Smith"),
        ("my dog Rex", "Rex"),
        ("my sister", None),
        ("my trip to Rome", None),
        ("the hotel Astoria in Rome", None),
        ("Anna's birthday", None),
        ("my sister is Anna", None),
        ("the meeting is on Monday", None),
        ("Anna and Bob", None),
        ("I", None),
        ("", None),
    ],
)
def test_names_in_topics(topic: str, name: str | None) -> None:
    assert name_in(topic) == name


@given(st.text(max_size=60))
def test_any_topic_can_be_looked_at(topic: str) -> None:
    name = name_in(topic)
    assert name is None or name in " ".join(topic.split())


def item(text: str, speaker: str | None = None) -> Item:
    label = Label(frozenset({OWNER_GENERAL}), Trust.OWNER)
    return Item("0" * 32, text, label, NOW, Provenance.OWNER_SPOKE, About(speaker=speaker))


@pytest.mark.parametrize(
    ("text", "about_anna"),
    [
        ("Anna likes tea", True),
        ("I gave it to anna.", True),
        ("Anna's birthday", True),
        ("(Anna)", True),
        ("ANNA", True),
        ("Joanna likes tea", False),
        ("Annabel likes tea", False),
        ("Anna-Lena likes tea", False),
        ("she likes tea", False),
    ],
)
def test_a_name_is_a_whole_word(text: str, about_anna: bool) -> None:
    assert names(item(text), "Anna") is about_anna
    assert names(item("x", speaker=text), "Anna") is about_anna


@given(st.text(min_size=1, max_size=20).filter(str.strip), st.text(max_size=40))
def test_any_name_is_found_where_it_stands_alone(name: str, text: str) -> None:
    assert names(item(f"{text} \n{name}\n {text}"), name) or not re.fullmatch(r"[\w .']+", name)


@pytest.fixture
def tell(store, speaker, calendar):
    def tell(*texts: str) -> None:
        for text in texts:
            calendar.go_on(1)
            scope = speaker.mint(Purpose.REMEMBER)
            store.remember(scope, text, said_by=Provenance.OWNER_SPOKE)

    return tell


def test_all_pages_are_read(store, speaker, tell, monkeypatch) -> None:
    monkeypatch.setattr("agents.about._PAGE", 4)
    for count in (0, 1, 4, 5, 8, 9):
        while len(list(newest(store, speaker.mint(Purpose.ANSWER)))) < count:
            tell(f"number {speaker.store._now().timestamp()} is odd")
        found = list(newest(store, speaker.mint(Purpose.ANSWER)))
        assert len(found) == len({each.id for each in found}) == count
        assert found == sorted(found, key=lambda each: each.captured_at, reverse=True)


def test_kept_between_two_moments(store, speaker, tell, calendar) -> None:
    begin = calendar.now()
    tell("a is 1", "b is 2", "c is 3")
    scope = speaker.mint(Purpose.ANSWER)
    seconds = [timedelta(seconds=n) for n in range(5)]
    kept = kept_between(store, scope, begin + seconds[2], begin + seconds[2])
    assert [each.text for each in kept] == ["b is 2"]
    assert len(kept_between(store, scope, begin, begin + seconds[4])) == 3
    assert kept_between(store, scope, begin + seconds[4], begin + seconds[4]) == []


def test_all_the_words_of_a_topic_must_be_there(store, speaker, tell) -> None:
    tell("the blue bike is in the shed", "the red bike is outside", "the blue car is new")
    found = about(store, speaker.mint(Purpose.ANSWER), "my blue bike")
    assert [each.text for each in found.sure] == ["the blue bike is in the shed"]
    assert about(store, speaker.mint(Purpose.ANSWER), "the").sure == []


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2037, 1, 1)),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe"]),
)
def test_days_follow_each_other(local: datetime, zone: str) -> None:
    now = local.replace(tzinfo=ZoneInfo(zone))
    begin, end = day_of(now, "today")
    assert (begin.hour, begin.minute, begin.date(), end) == (0, 0, now.date(), now)
    before, over = day_of(now, "yesterday")
    assert before.date() == (local.date() - timedelta(days=1))
    assert before.hour == 0
    assert over == begin - timedelta(microseconds=1)
