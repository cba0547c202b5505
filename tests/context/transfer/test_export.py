"""Out of the vault into files, and back exactly."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from context import (
    About,
    Audience,
    Authentication,
    Compartment,
    Consent,
    HashingEmbedder,
    Item,
    Label,
    Principal,
    Provenance,
    Purpose,
    Request,
    Scope,
    ScopeDenied,
    Sink,
    Store,
    StoreUnusable,
    VaultLocked,
    audit,
)
from context.audit import AuditEvent
from context.importers import ImportFailed
from context.transfer import export, export_lines, export_markdown
from context.transfer.exactly import Outcome
from context.transfer.export import (
    ExportFailed,
    Imported,
    compartments_in,
    export_items,
    import_items,
    surveyed,
)
from tests.context.conftest import Clock

SAID = Provenance.OWNER_SPOKE
OWNER, HOUSE, HEALTH = "owner/general", "household/general", "owner/health/restricted"
PLACES = (OWNER, HOUSE, HEALTH, "person:anna/general", "ambient/2026-11-23")

Make = Callable[..., Scope]
New = Callable[..., Store]
Places = tuple[str, ...]


def ask(
    store: Store, purpose: Purpose, places: Iterable[str] = (), sink: Sink = Sink.FILE
) -> Scope:
    request = Request(Principal.OWNER, 1.0, purpose, Audience.ALONE, sink, Authentication.ACCOUNT)
    return store.mint(request, also=map(Compartment.parse, places))


def exporting(store: Store) -> Scope:
    return ask(store, Purpose.EXPORT)


def remembering(store: Store, places: Iterable[str] = PLACES) -> Scope:
    return ask(store, Purpose.REMEMBER, places, Sink.SCREEN)


def lines_of(store: Store, folder: Path) -> bytes:
    return export_items(store, exporting(store), folder).jsonl.read_bytes()


def place(*names: str) -> frozenset[Compartment]:
    return frozenset(map(Compartment.parse, names))


def item(number: int, text: str, *places: str, **about: Any) -> Item:
    said = about.pop("said", SAID)
    at = about.pop("at", datetime(2026, 11, 23, 8, tzinfo=UTC)) + timedelta(seconds=number)
    label = Label(place(*places or (OWNER,)), said.trust)
    return Item(f"{number:032x}", text, label, at, said, About(recorded_at=at, **about))


@pytest.fixture
def filled(new_store: New, tmp_path: Path) -> Store:
    """A store with items of many kinds."""
    store = new_store()
    later = datetime(2027, 1, 1, tzinfo=UTC)
    kept = [
        item(1, "The spare key is under the blue pot."),
        item(2, "Über *Straßen*\nund\tmehr \0 \u2028 \U0001f600", sure=0.25, pinned=True),
        item(3, "Anna likes tea", "person:anna/general", speaker="anna", consent=Consent.GIVEN),
        item(
            4, "blood type zero", HEALTH, valid_from=later, valid_until=later, uid="u", source="f"
        ),
        item(5, "both", OWNER, HOUSE, parents=("0" * 31 + "1", "a" * 32), said=Provenance.IMPORTED),
        item(6, "heard", "ambient/2026-11-23", expires_at=later, said=Provenance.OVERHEARD),
        item(7, "an early one, stored last", at=datetime(1999, 1, 2, tzinfo=UTC)),
    ]
    assert set(store.restore_items(remembering(store), kept)) == {Outcome.NEW}
    return store


# the round trip


def test_export_import_export_is_the_same_to_the_byte(
    filled: Store, new_store: New, tmp_path: Path
) -> None:
    first = export_items(filled, exporting(filled), tmp_path / "one")
    assert first.items == 7
    assert first.locked == 0
    other = new_store(folder=tmp_path / "other")
    scope = remembering(other, map(str, compartments_in(first.jsonl)))
    assert import_items(other, scope, first.jsonl) == Imported(7, 0, [])
    second = export_items(other, exporting(other), tmp_path / "two")
    assert second.jsonl.read_bytes() == first.jsonl.read_bytes()
    assert second.markdown.read_bytes() == first.markdown.read_bytes()
    assert import_items(other, scope, first.jsonl) == Imported(0, 7, [])
    third = export_items(other, exporting(other), tmp_path / "three")
    assert third.jsonl.read_bytes() == first.jsonl.read_bytes()


def test_items_come_back_equal_and_are_found(
    filled: Store, new_store: New, scope: Make, tmp_path: Path
) -> None:
    path = export_items(filled, exporting(filled), tmp_path / "out").jsonl
    other = new_store(folder=tmp_path / "other")
    import_items(other, remembering(other), path)
    assert list(other.each(exporting(other))) == list(filled.each(exporting(filled)))
    found = other.recall(scope(Purpose.ANSWER), "where is the spare key")
    assert found[0].item.text == "The spare key is under the blue pot."
    while other.reembed():
        pass
    asked = scope(Purpose.ANSWER, ["person:anna/general"])
    assert len(other.recall(asked, "tea for Anna")) == 1


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda text: bool(text.strip())
)
names = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.datetimes(timezones=st.just(UTC))
later_moments = st.datetimes(datetime(2026, 11, 24), timezones=st.just(UTC))
ids = st.text("0123456789abcdef", min_size=32, max_size=32)
places = st.sets(st.sampled_from(PLACES), min_size=1, max_size=2).map(lambda them: place(*them))


@st.composite
def items(draw: st.DrawFn) -> Item:
    said = draw(st.sampled_from(Provenance))
    about = About(
        recorded_at=draw(moments),
        valid_from=draw(st.none() | moments),
        valid_until=draw(st.none() | moments),
        expires_at=draw(st.none() | later_moments),
        speaker=draw(names),
        sure=draw(st.floats(0, 1)),
        source=draw(names),
        uid=draw(names),
        pinned=draw(st.booleans()),
        consent=draw(st.sampled_from([c for c in Consent if c is not Consent.REFUSED])),
        parents=tuple(sorted(draw(st.sets(ids, max_size=3)))),
    )
    label = Label(draw(places), said.trust)
    return Item(draw(ids), draw(texts), label, draw(moments), said, about)


@given(items())
def test_a_line_says_all_of_an_item(one: Item) -> None:
    line = export_lines.line_of(one)
    assert line.count(b"\n") == 1
    assert export_lines.item_of(line) == one
    assert export_lines.line_of(export_lines.item_of(line)) == line


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kept=st.lists(items(), min_size=1, max_size=12))
def test_any_vault_survives_the_round_trip(fast_folder: Path, kept: list[Item]) -> None:
    clock, where = Clock(), fast_folder / "round"
    shutil.rmtree(where, ignore_errors=True)
    one = Store(where / "a", None, clock)
    other = Store(where / "b", None, clock)
    for store in (one, other):
        store.open()
    try:
        outcomes = list(one.restore_items(remembering(one), kept))
        assert outcomes[0] is Outcome.NEW
        first = export_items(one, exporting(one), where / "1").jsonl
        assert first.read_bytes().count(b"\n") == 1 + outcomes.count(Outcome.NEW)
        done = import_items(other, remembering(other), first)
        assert done == Imported(outcomes.count(Outcome.NEW), 0, [])
        assert lines_of(other, where / "2") == first.read_bytes()
        assert import_items(other, remembering(other), first).new == 0
    finally:
        one.close()
        other.close()


# the files


def test_only_the_owner_can_read_the_files(filled: Store, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        done = export_items(filled, exporting(filled), tmp_path / "new" / "out")
    finally:
        os.umask(before)
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == {
        "items.jsonl",
        "memories.md",
    }
    for path in (done.jsonl, done.markdown):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new" / "out").stat().st_mode & 0o777 == 0o700


def test_lines_are_as_documented(filled: Store, tmp_path: Path) -> None:
    first, *rest = lines_of(filled, tmp_path / "out").decode().split("\n")[:-1]
    assert json.loads(first) == {"format": "lapel items", "version": 1}
    by_text = {line["text"]: line for line in map(json.loads, rest)}
    assert by_text["blood type zero"] == {
        "id": f"{4:032x}",
        "text": "blood type zero",
        "compartments": [HEALTH],
        "captured_at": "2026-11-23T08:00:04.000000+00:00",
        "provenance": "owner_spoke",
        "recorded_at": "2026-11-23T08:00:04.000000+00:00",
        "valid_from": "2027-01-01T00:00:00.000000+00:00",
        "valid_until": "2027-01-01T00:00:00.000000+00:00",
        "expires_at": None,
        "speaker": None,
        "sure": 1.0,
        "source": "f",
        "uid": "u",
        "pinned": False,
        "consent": "not_needed",
        "parents": [],
    }
    assert by_text["both"]["compartments"] == [HOUSE, OWNER]
    assert by_text["both"]["parents"] == ["0" * 31 + "1", "a" * 32]
    documented = [
        line.split("|")[1].strip()
        for line in (export_lines.__doc__ or "").split("\n")
        if line.startswith("| ") and line[2].isalpha() and not line.startswith("| key")
    ]
    assert list(by_text["both"]) == documented


def test_people_read_it_by_compartment_and_day(filled: Store, tmp_path: Path) -> None:
    text = export_items(filled, exporting(filled), tmp_path).markdown.read_text()
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# Memories",
        "## ambient/2026-11-23",
        "### 2026-11-23",
        "## household/general + owner/general",
        "### 2026-11-23",
        "## owner/general",
        "### 1999-01-02",
        "### 2026-11-23",
        "## owner/health/restricted",
        "### 2026-11-23",
        "## person:anna/general",
        "### 2026-11-23",
    ]
    assert "- **08:00** The spare key is under the blue pot.\\\n  *said by you*\n" in text
    assert "*said by you (anna)*" in text
    assert "*imported; derived from 2 others*" in text
    assert "true until 2027-01-01 00:00" in text


def shown(markdown: str) -> tuple[str, set[str]]:
    """What a renderer shows of it, and the kinds of what is in it."""
    kinds: set[str] = set()
    words: list[str] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        kinds.add(token.type)
        for child in token.children or ():
            kinds.add(child.type)
            words.append("\n" if child.type in ("hardbreak", "softbreak") else child.content)
    return "".join(words), kinds


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
    | st.lists(
        st.sampled_from(
            [
                "#",
                "-",
                "1.",
                "+ ",
                "===",
                "```",
                "<b>",
                "![a](http://x)",
                "&amp;",
                "\n",
                "> ",
                "    ",
                "|a|b|",
                "|-|-|",
                "[a]: b",
                "\\",
                "*",
                "_",
                "~~",
                "x",
                "\r\n",
            ]
        )
    ).map("".join)
)
def test_people_see_the_text_as_it_is_and_nothing_is_fetched(text: str) -> None:
    fields = json.loads(export_lines.line_of(item(1, "x"))) | {"text": text}
    said, kinds = shown(export_markdown.entry(fields))
    assert kinds <= {
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
        "paragraph_open", "paragraph_close", "inline", "text", "text_special", "hardbreak",
        "softbreak", "strong_open", "strong_close", "em_open", "em_close",
    }  # fmt: skip
    cleaned = "".join("\ufffd" if _is_control(c) else c for c in text)
    lines = cleaned.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    wanted = ["08:00", *" ".join(lines).split(), *["said", "by", "you"]]
    assert said.split() == wanted


def _is_control(character: str) -> bool:
    return (ord(character) < 32 and character not in "\t\n\r") or 127 <= ord(character) < 160


@pytest.mark.parametrize("name", ["items.jsonl", "memories.md"])
def test_nothing_is_overwritten(filled: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ExportFailed, match=f"{name} is there already and is not overwritten"):
        export_items(filled, exporting(filled), tmp_path)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / name).read_text() == "mine"


def test_nothing_that_appears_meanwhile_is_overwritten(filled: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def meddle(_: int) -> None:
        (out / "memories.md").write_text("mine")

    with pytest.raises(ExportFailed):
        export_items(filled, exporting(filled), out, progress=meddle)
    assert [path.name for path in out.iterdir()] == ["memories.md"]
    assert (out / "memories.md").read_text() == "mine"


def test_a_failed_export_leaves_nothing(filled: Store, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def fail(done: int) -> None:
        if done == 4:
            raise Stop

    for folder in (tmp_path / "new", tmp_path / "there"):
        (tmp_path / "there").mkdir(exist_ok=True)
        with pytest.raises(Stop):
            export_items(filled, exporting(filled), folder, progress=fail)
    assert not (tmp_path / "new").exists()
    assert list((tmp_path / "there").iterdir()) == []


def test_what_a_killed_export_left_is_cleared(filled: Store, tmp_path: Path) -> None:
    left = tmp_path / "out" / ".lapel-export"
    left.mkdir(parents=True)
    (left / "items.jsonl").write_text("half")
    export_items(filled, exporting(filled), tmp_path / "out")
    assert not left.exists()


def test_two_exports_into_one_folder_are_not_mixed(filled: Store, tmp_path: Path) -> None:
    tried: list[str] = []

    def again(_: int) -> None:
        with pytest.raises(ExportFailed, match="Another export into") as failed:
            export_items(filled, exporting(filled), tmp_path)
        tried.append(str(failed.value))

    assert export_items(filled, exporting(filled), tmp_path, progress=again).items == 7
    assert len(tried) == 7
    assert len((tmp_path / "items.jsonl").read_bytes().splitlines()) == 8


def test_a_folder_that_cannot_be_written_is_said_so(filled: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportFailed, match=r"Nothing was exported, as .* can't be written to"):
        export_items(filled, exporting(filled), tmp_path / "file" / "out")


def test_where_links_cannot_be_made_it_is_renamed(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise PermissionError(1, "not here")

    monkeypatch.setattr(os, "link", no_link)
    done = export_items(filled, exporting(filled), tmp_path)
    assert len(done.jsonl.read_bytes().splitlines()) == 8


# what may be exported and imported


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.EXPORT])
def test_it_takes_a_permission_to_export(
    new_store: New, scope: Make, tmp_path: Path, purpose: Purpose
) -> None:
    with pytest.raises(ScopeDenied, match="does not allow this"):
        export_items(new_store(), scope(purpose), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_it_takes_a_permission_for_a_file(new_store: New, scope: Make, tmp_path: Path) -> None:
    with pytest.raises(ScopeDenied, match="does not allow a file"):
        export_items(new_store(), scope(Purpose.EXPORT), tmp_path / "out")


def test_an_expired_permission_exports_nothing(filled: Store, clock: Clock, tmp_path: Path) -> None:
    scope = exporting(filled)
    clock.move(61)
    with pytest.raises(ScopeDenied, match="expired"):
        export_items(filled, scope, tmp_path / "out")


def test_a_long_export_outlasts_its_permission(filled: Store, clock: Clock, tmp_path: Path) -> None:
    done = export_items(filled, exporting(filled), tmp_path, progress=lambda _: clock.move(20))
    assert done.items == 7


def test_only_what_the_scope_opens_is_exported(filled: Store, tmp_path: Path) -> None:
    scope = exporting(filled).without(place(HEALTH, HOUSE))
    text = export_items(filled, scope, tmp_path).jsonl.read_text()
    assert "blood" not in text
    assert '"both"' not in text  # which belongs to the household, too
    assert "spare key" in text


def test_what_is_forgotten_or_expired_is_not_exported(
    filled: Store, scope: Make, clock: Clock, tmp_path: Path
) -> None:
    filled.forget(scope(Purpose.FORGET), f"{1:032x}", undo_s=60)
    clock.moment = datetime(2027, 1, 1, tzinfo=UTC)
    text = export_items(filled, exporting(filled), tmp_path).jsonl.read_text()
    assert "spare key" not in text
    assert "both" not in text  # derived from it
    assert "heard" not in text
    assert "blood" in text  # no longer true, and still there


def test_locked_places_are_left_out_and_counted(filled: Store, tmp_path: Path) -> None:
    filled.keyring.set_pin("2580")
    filled.lock()
    done = export_items(filled, exporting(filled), tmp_path)
    assert (done.items, done.locked) == (6, 1)
    assert "blood" not in done.jsonl.read_text()


def test_a_damaged_place_stops_the_export_and_leaves_nothing(filled: Store, tmp_path: Path) -> None:
    scope = exporting(filled)
    filled.close()
    key = _file_key(filled, OWNER)
    filled.open()
    path = filled.files.path(key)
    path.write_bytes(os.urandom(path.stat().st_size))
    with pytest.raises(StoreUnusable, match="owner/general"):
        export_items(filled, scope, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    others = scope.without(place(OWNER))
    assert export_items(filled, others, tmp_path / "out").items == 3


def _file_key(store: Store, name: str) -> str:
    store.keyring.open()
    from context.keys.keyring import Tier

    key = store.keyring.get(name, Tier.GENERAL)
    assert key is not None
    return key.file_id


def test_it_leaves_a_record_without_words(filled: Store, tmp_path: Path) -> None:
    done = export_items(filled, exporting(filled), tmp_path)
    import_items(filled, remembering(filled), done.jsonl)
    log = filled.folder / "audit.jsonl"
    records = audit.read(log, filled.keyring.subkey("audit"), limit=2)
    assert [(each.event, each.facts) for each in records] == [
        (AuditEvent.IMPORT, {"count": 0}),
        (AuditEvent.EXPORT, {"count": 7}),
    ]


def test_importing_takes_an_owner_who_is_present(
    new_store: New, scope: Make, filled: Store, tmp_path: Path
) -> None:
    path = export_items(filled, exporting(filled), tmp_path / "out").jsonl
    store = new_store(folder=tmp_path / "other")
    with pytest.raises(ScopeDenied, match="more than a voice"):
        import_items(store, scope(Purpose.REMEMBER), path)
    for purpose in Purpose:
        if purpose is not Purpose.REMEMBER:
            with pytest.raises(ScopeDenied, match="does not allow this"):
                import_items(store, scope(purpose, present=True), path)
    assert list(store.each(exporting(store))) == []


def test_an_item_is_not_put_where_the_permission_does_not_reach(
    filled: Store, new_store: New, scope: Make, tmp_path: Path
) -> None:
    path = export_items(filled, exporting(filled), tmp_path / "out").jsonl
    store = new_store(folder=tmp_path / "other")
    done = import_items(store, scope(Purpose.REMEMBER, [OWNER], present=True), path)
    assert done.new == 3
    assert [line for line, _ in done.refused] == [2, 3, 7, 8]
    assert {why for _, why in done.refused} == {Outcome.NOT_ALLOWED.value}
    assert {each.label.compartments for each in store.each(exporting(store))} == {place(OWNER)}
    assert store.keyring.names() == [OWNER]


def test_an_item_that_was_raised_since_does_not_come_back_beside_it(
    new_store: New, tmp_path: Path
) -> None:
    store = new_store()
    path = tmp_path / "items.jsonl"
    path.write_bytes(export_lines.first_line() + export_lines.line_of(item(1, "secret", OWNER)))
    assert list(store.restore_items(remembering(store), [item(1, "secret", HEALTH)])) == ["new"]
    done = import_items(store, remembering(store), path)
    assert done == Imported(0, 0, [(2, Outcome.ELSEWHERE.value)])
    store.keyring.set_pin("2580")
    store.lock()
    with pytest.raises(VaultLocked, match="unlock it, then import"):
        import_items(store, remembering(store), path)


def test_what_was_forgotten_comes_back_when_it_is_imported(
    filled: Store, scope: Make, clock: Clock, tmp_path: Path
) -> None:
    path = export_items(filled, exporting(filled), tmp_path / "1").jsonl
    filled.forget(scope(Purpose.FORGET), f"{1:032x}", undo_s=60)
    assert import_items(filled, remembering(filled), path) == Imported(2, 5, [])
    clock.move(61)
    filled.reap()
    assert len(list(filled.each(exporting(filled)))) == 7
    assert filled.recall(scope(Purpose.ANSWER), "spare key")


def test_what_is_there_is_left_as_it_is(new_store: New) -> None:
    store = new_store()
    list(store.restore_items(remembering(store), [item(1, "one"), item(2, "two")]))
    again = [
        item(1, "One.", valid_until=datetime(2020, 1, 1, tzinfo=UTC)),  # the same text
        item(3, " TWO "),  # of another id
        item(2, "another text"),
        item(4, "four"),
        item(4, "five"),
        item(5, "Four."),
        item(6, "gone", expires_at=datetime(2026, 11, 23, 9, tzinfo=UTC)),
        item(7, "no", consent=Consent.REFUSED),
    ]
    assert list(store.restore_items(remembering(store), again)) == [
        Outcome.SAME,
        Outcome.SAME,
        Outcome.ID_TAKEN,
        Outcome.NEW,
        Outcome.ID_TAKEN,
        Outcome.SAME,
        Outcome.EXPIRED,
        Outcome.NO_CONSENT,
    ]
    kept = [(each.id[-1], each.text) for each in store.each(exporting(store))]
    assert kept == [("1", "one"), ("2", "two"), ("4", "four")]


def test_what_is_told_of_is_on_disk(new_store: New, tmp_path: Path) -> None:
    store = new_store(None)
    many = [item(n, f"fact {n}") for n in range(250)]
    told = list(islice(store.restore_items(remembering(store), many), 101))
    assert len(told) == 101
    assert len(list(new_store(None).each(exporting(store)))) == 200


# bad files

GOOD = export_lines.line_of(item(1, "good"))


def line(**changed: object) -> bytes:
    return json.dumps(json.loads(GOOD) | changed).encode()


def less(key: str) -> bytes:
    fields = json.loads(GOOD)
    del fields[key]
    return json.dumps(fields).encode()


BAD: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "It is not an item."),
    "no UTF-8": (b'{"id": "\xff"}', "It is not an item."),
    "a number": (b"7", "It is not an item."),
    "deep": (b"[" * 100_000, "It is not an item."),
    "half a character": (line(text="x").replace(b'"x"', b'"\\ud800"'), "It is not an item."),
    "another key": (line(secret_word="x"), "It has a key that this version does not know."),
    "no sure": (less("sure"), "It has no sure."),
    "no id": (line(id="../x"), "Its id is not written as it should be."),
    "id with an end": (line(id="x\n"), "Its id is not written as it should be."),
    "a number as text": (line(text=5), "Its text is not written as it should be."),
    "empty": (line(text=" \n"), "There is nothing to remember: the text is empty."),
    "too long": (line(text="x" * 1_000_001), "That is too long to remember"),
    "naive": (line(captured_at="2026-01-01T00:00:00"), "Its captured_at is not written"),
    "no time": (line(recorded_at="yesterday"), "Its recorded_at is not written"),
    "seconds": (line(captured_at=1_700_000_000), "Its captured_at is not written"),
    "far": (line(valid_until="9999-12-31T23:59:59-14:00"), "One of its times is too far away."),
    "sure 2": (line(sure=2), "Its sure is not written as it should be."),
    "NaN": (line(sure=float("nan")), "It"),
    "provenance": (line(provenance="rumour"), "Its provenance is not written as it should be."),
    "pinned": (line(pinned="yes"), "Its pinned is not written as it should be."),
    "consent": (line(consent="refused"), "Those whose words it is did not agree"),
    "nowhere": (line(compartments=[]), "Its compartments is not written as it should be."),
    "no place": (line(compartments=["owner/Secret word"]), "Its compartments are not written"),
    "parents": (line(parents=["x,y"]), "Its parents is not written as it should be."),
    "too many bytes": (b" " * (export_lines.LONGEST_LINE_BYTES + 5), "It is too long."),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_line_is_named_and_stops_no_other(new_store: New, tmp_path: Path, what: str) -> None:
    bad, why = BAD[what]
    path = tmp_path / "items.jsonl"
    last = export_lines.line_of(item(2, "last"))
    path.write_bytes(b"\n".join([export_lines.first_line().strip(), GOOD, bad, last]))
    store = new_store()
    done = import_items(store, remembering(store), path)
    assert done.new == 2
    ((number, reason),) = done.refused
    assert number == 4  # after an empty one
    assert why in reason
    assert reason.endswith(".")
    assert "ecret" not in reason


def test_other_spellings_of_a_good_line_are_taken(new_store: New, tmp_path: Path) -> None:
    one = item(1, "good", at=datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2))))
    spelled = line(
        captured_at="2026-05-01T12:00:01+02:00",
        recorded_at="2026-05-01T10:00:01Z",
        parents=["b", "a", "b"],
        sure=1,
    )
    path = tmp_path / "items.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + export_lines.first_line().strip() + b"\r\n" + spelled)
    store = new_store()
    assert import_items(store, remembering(store), path) == Imported(1, 0, [])
    (back,) = store.each(exporting(store))
    assert (back.captured_at, back.about.recorded_at) == (one.captured_at, one.about.recorded_at)
    assert back.captured_at.tzinfo is UTC
    assert back.about.parents == ("a", "b")


NOT_EXPORTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is not an export"),
    "an item first": (GOOD, "it is not an export"),
    "other": (b'{"format": "other", "version": 1}\n', "it is not an export"),
    "binary": (bytes(range(256)) * 100, "it is not an export"),
    "newer": (b'{"format": "lapel items", "version": 2, "more": []}\n', "update the program"),
}


@pytest.mark.parametrize("what", NOT_EXPORTS)
def test_what_is_no_export_is_said_so(new_store: New, tmp_path: Path, what: str) -> None:
    data, why = NOT_EXPORTS[what]
    path = tmp_path / "items.jsonl"
    path.write_bytes(data)
    store = new_store()
    with pytest.raises(ImportFailed, match=why):
        import_items(store, remembering(store), path)
    with pytest.raises(ImportFailed, match=why):
        compartments_in(path)
    with pytest.raises(ImportFailed, match="no such file"):
        import_items(store, remembering(store), tmp_path / "none")


def test_the_compartments_of_a_file_can_be_asked_first(filled: Store, tmp_path: Path) -> None:
    path = export_items(filled, exporting(filled), tmp_path).jsonl
    with path.open("ab") as file:
        file.write(b"broken\n")
    assert compartments_in(path) == place(*PLACES)


def test_an_import_that_is_stopped_keeps_what_it_has_and_goes_on_later(
    filled: Store, new_store: New, tmp_path: Path
) -> None:
    path = export_items(filled, exporting(filled), tmp_path).jsonl
    store = new_store(folder=tmp_path / "other")
    asked = 0

    def is_stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    done = import_items(store, remembering(store), path, is_stopped=is_stopped)
    assert done == Imported(3, 0, [])
    assert import_items(store, remembering(store), path) == Imported(4, 3, [])


def test_an_export_is_surveyed_before_it_is_imported(filled: Store, tmp_path: Path) -> None:
    path = export_items(filled, exporting(filled), tmp_path).jsonl
    told: list[tuple[int, int]] = []
    assert surveyed(path, progress=lambda *at: told.append(at)) == (place(*PLACES), 7)
    assert told == sorted(told)
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
    assert surveyed(path, is_stopped=lambda: True) == (frozenset(), 0)


def test_progress_is_told(filled: Store, new_store: New, tmp_path: Path) -> None:
    told: list[int] = []
    path = export_items(filled, exporting(filled), tmp_path, progress=told.append).jsonl
    assert told == [1, 2, 3, 4, 5, 6, 7]
    told.clear()
    store = new_store(HashingEmbedder(), tmp_path / "other")
    import_items(store, remembering(store), path, progress=told.append)
    assert told == [1, 2, 3, 4, 5, 6, 7]
    assert isinstance(export.nobody(1), type(None))


def test_reading_stops_with_its_reader(filled: Store) -> None:
    each: Iterator[Item] = filled.each(exporting(filled))
    next(each)
    del each
    records = audit.read(filled.folder / "audit.jsonl", filled.keyring.subkey("audit"), limit=1)
    assert (records[0].event, records[0].facts) == (AuditEvent.EXPORT, {"count": 1})
