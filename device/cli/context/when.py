"""Moments as a person writes them: `10m`, `yesterday`, `2026-11-23`. Pure."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from context.errors import LapelError

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPAN: Final = re.compile(r"(\d{1,9}) ?([smhdw])", re.ASCII)
_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}


class NotATime(LapelError):
    """What was written is no moment."""


def since(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The moment written `text`, UTC: a span back from `now`, or where a day or minute begins.

    now: aware. zone: the writer's. Raises NotATime.
    """
    return _moment(text, now, zone, ahead=False)


def until(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The moment written `text`, UTC: a span on from `now`, a minute, or where a day ends.

    now: aware. zone: the writer's. Raises NotATime.
    """
    return _moment(text, now, zone, ahead=True)


def _moment(text: str, now: datetime, zone: tzinfo, *, ahead: bool) -> datetime:
    said = text.strip().lower()
    try:
        if match := _SPAN.fullmatch(said):
            span = timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
            return now.astimezone(UTC) + (span if ahead else -span)
        if said == "now":
            return now.astimezone(UTC)
        if said in _DAYS:
            day = now.astimezone(zone).date() + timedelta(days=_DAYS[said])
            return _edge(datetime.combine(day, time.min), zone, ahead=ahead)
        moment = datetime.fromisoformat(said.upper())
        if re.fullmatch(r"[\dW-]+", said.upper()):
            return _edge(moment, zone, ahead=ahead)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotATime(
            f"{text!r} is not a time: write it as 10m, 2h or 3d, as today or"
            f" {'tomorrow' if ahead else 'yesterday'}, or as 2026-11-23 or 2026-11-23T09:30."
        ) from None


def _edge(midnight: datetime, zone: tzinfo, *, ahead: bool) -> datetime:
    """Where the day that begins at this midnight begins, or ends."""
    return (midnight + timedelta(days=ahead)).replace(tzinfo=zone).astimezone(UTC)
