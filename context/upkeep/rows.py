"""Rows of SQLite's tables out of single pages, whatever is left of the trees that hold them.

The format is in https://sqlite.org/fileformat2.html. A page that holds rows says so itself, so
that a row can be read though everything above its page is lost; only a long one, which goes on
in other pages, needs these.
"""

import struct
from collections.abc import Iterator
from typing import Final

from context.upkeep.pages import Pages

Value = int | float | str | bytes | None
Row = tuple[Value, ...]
NumberedRow = tuple[int, Row]

_INDEX_INNER: Final = 2
_TABLE_INNER: Final = 5
_INDEX_LEAF: Final = 10
_TABLE_LEAF: Final = 13
_LONGEST_BYTES: Final = 64 << 20
_INT_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)


class Torn(Exception):
    """A page that is needed is missing or not whole, or can't be so."""


def table_rows(pages: Pages) -> Iterator[NumberedRow]:
    """All rows of all tables that can be read, by their numbers, in the order of the pages."""
    for number in range(1, pages.count + 1):
        page = pages.page(number)
        if page is not None and page[_start(number)] == _TABLE_LEAF:
            for at in _cells(page, number):
                try:
                    yield _table_row(pages, page, at)
                except Torn:
                    continue


def index_rows(pages: Pages) -> Iterator[Row]:
    """All entries of all indexes, and rows of tables without row numbers, that can be read."""
    for number in range(1, pages.count + 1):
        page = pages.page(number)
        if page is not None and page[_start(number)] in (_INDEX_LEAF, _INDEX_INNER):
            skip = 4 if page[_start(number)] == _INDEX_INNER else 0
            for at in _cells(page, number):
                try:
                    yield _index_row(pages, page, at + skip)
                except Torn:
                    continue


def roots(pages: Pages) -> dict[str, int]:
    """The first page of each table and index, by name, of which the beginning can be read."""
    return {
        str(row[1]): row[3]
        for _, row in walk_table(pages, 1, [])
        if len(row) > 3 and isinstance(row[3], int)
    }


def walk_table(pages: Pages, root: int, torn: list[int]) -> Iterator[NumberedRow]:
    """All rows of one table, in order; notes pages where something is missing in `torn`."""
    for number, page in _tree(pages, root, torn, _TABLE_INNER, _TABLE_LEAF):
        if page[_start(number)] == _TABLE_LEAF:
            for at in _cells(page, number):
                try:
                    yield _table_row(pages, page, at)
                except Torn:
                    torn.append(number)


def walk_index(pages: Pages, root: int, torn: list[int]) -> Iterator[Row]:
    """All entries of one index, in no order; notes pages where something is missing in `torn`."""
    for number, page in _tree(pages, root, torn, _INDEX_INNER, _INDEX_LEAF):
        skip = 4 if page[_start(number)] == _INDEX_INNER else 0
        for at in _cells(page, number):
            try:
                yield _index_row(pages, page, at + skip)
            except Torn:
                torn.append(number)


def _tree(
    pages: Pages, root: int, torn: list[int], inner: int, leaf: int
) -> Iterator[tuple[int, bytes]]:
    """The pages of a tree, each before what is below it."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        number = waiting.pop()
        page = pages.page(number)
        if page is None or number in seen or page[_start(number)] not in (inner, leaf):
            torn.append(number)
            continue
        seen.add(number)
        yield number, page
        if page[_start(number)] == inner:
            waiting += reversed(_children(page, number))


def _start(number: int) -> int:
    """Where a page's own header begins: the first page begins with the file's."""
    return 100 if number == 1 else 0


def _cells(page: bytes, number: int) -> list[int]:
    """Where the cells of a page begin."""
    start = _start(number)
    inner = page[start] in (_INDEX_INNER, _TABLE_INNER)
    count = _unsigned(page, start + 3, 2)
    first = start + (12 if inner else 8)
    cells = [_unsigned(page, first + 2 * each, 2) for each in range(count)]
    return [at for at in cells if at < len(page)]


def _children(page: bytes, number: int) -> list[int]:
    children = [_unsigned(page, at, 4) for at in _cells(page, number)]
    return [*children, _unsigned(page, _start(number) + 8, 4)]


def _table_row(pages: Pages, page: bytes, at: int) -> NumberedRow:
    size, at = _varint(page, at)
    seq, at = _varint(page, at)
    seq = seq - 2**64 if seq >= 2**63 else seq
    return seq, _values(_payload(pages, page, at, size, pages.usable - 35))


def _index_row(pages: Pages, page: bytes, at: int) -> Row:
    size, at = _varint(page, at)
    most = (pages.usable - 12) * 64 // 255 - 23
    return _values(_payload(pages, page, at, size, most))


def _payload(pages: Pages, page: bytes, at: int, size: int, most: int) -> bytes:
    """The bytes of a row, of which a page holds `most`, or as many as fill others evenly."""
    if size > _LONGEST_BYTES:
        raise Torn
    usable = pages.usable
    if size <= most:
        here = size
    else:
        least = (usable - 12) * 32 // 255 - 23
        even = least + (size - least) % (usable - 4)
        here = even if even <= most else least
    found = bytearray(page[at : at + here])
    if here < size:
        following = _unsigned(page, at + here, 4)
        seen: set[int] = set()
        while len(found) < size:
            more = pages.page(following)
            if more is None or following in seen:  # a chain that comes back is none
                raise Torn
            seen.add(following)
            following = _unsigned(more, 0, 4)
            found += more[4 : min(usable, 4 + size - len(found))]
    if len(found) != size:
        raise Torn
    return bytes(found)


def _values(payload: bytes) -> Row:
    """What a row's bytes say: first the kind of each value, then all values."""
    end, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    if at != end:
        raise Torn
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at > len(payload):
        raise Torn
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind >= 12:
        end = at + (kind - 12) // 2
        data = payload[at:end]
        try:
            return (data.decode() if kind % 2 else data), end
        except UnicodeDecodeError:
            raise Torn from None
    if kind in (8, 9):
        return kind - 8, at
    if kind == 7:
        return _real(payload[at : at + 8]), at + 8
    if kind in (10, 11):
        raise Torn
    length = _INT_BYTES[kind]
    end = at + length
    return (int.from_bytes(payload[at:end], "big", signed=True) if length else None), end


def _real(data: bytes) -> float:
    if len(data) < 8:
        raise Torn
    return float(struct.unpack(">d", data)[0])


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for length in range(9):
        if at + length >= len(data):
            raise Torn
        byte = data[at + length]
        if length == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + length + 1
    raise Torn


def _unsigned(data: bytes, at: int, length: int) -> int:
    return int.from_bytes(data[at : at + length], "big")
