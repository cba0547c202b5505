"""Times in what was said, by the grammar's own reading of them."""

from datetime import datetime

from agents.choose.read import SaidTime
from agents.times import asked_days, clock_time, date_of, find_when, resolve


def said_time(text: str, now: datetime, *, early: bool) -> SaidTime | None:
    """The one time said in an English text; see `agents.choose.read.Times`."""
    found = find_when(text)
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
