"""Times in what was said, by the grammar's own reading of them."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from agents.choose.read import SaidTime
from agents.times import Found, asked_days, clock_time, date_of, find_when, resolve

_PARTED: Final = re.compile(r"[,.;:!?]\s+|\s(?=(?:so|but|and|then)\b)")


def said_time(text: str, now: datetime, *, early: bool) -> SaidTime | None:
    """The one time said in an English text, of several that of what is asked for; see
    `agents.choose.read.Times`.
    """
    found = find_when(text) or _last_said(text)
    if found is None:
        return None
    meant = resolve(found.when, now, early=early)
    day = date_of(found.when, now)
    days = asked_days(found.when, now) or {}
    return SaidTime(
        None if meant is None else meant.at.isoformat(timespec="minutes"),
        None if day is None else day.isoformat(),
        clock_time(found.when),
        None if meant is None else meant.repeat,
        found.spans,
        str(days["until"]) if "until" in days else None,
        str(days["part"]) if "part" in days else None,
    )


def _last_said(text: str) -> Found | None:
    """The last of several times, on the day that was said before it if it has none: what is asked
    for follows what is told ("I'm to be there on Monday at two, so give me a nudge at one").
    """
    for parted in _PARTED.finditer(text):
        cut = parted.end()
        last = find_when(text[cut:])
        if last is None:
            continue
        when, before = last.when, find_when(text[:cut])
        if not when.has_date and not when.repeats and before is not None:
            day = before.when
            when = replace(
                when, days=day.days, months=day.months, weekday=day.weekday, next=day.next,
                month=day.month, day=day.day, year=day.year, holiday=day.holiday,
            )  # fmt: skip
        return Found(when, tuple((cut + start, cut + end) for start, end in last.spans))
    return None
