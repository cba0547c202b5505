"""How long things are kept: what was overheard for two days, episodes for a season.

Pure: no clock of its own. Times are aware and compared as instants, whatever their time zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from context.labels import Compartment

EPISODIC: Final = "episodic"
"""The domain of what happened, as opposed to what is so."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC) - _EPOCH
_DAY: Final = timedelta(days=1)
_LONGEST_DAYS: Final = 36_500


def _check_length(what: str, length: int, longest: int, unit: str) -> None:
    if type(length) is not int or not 1 <= length <= longest:
        raise ValueError(f"{what} is kept for 1 to {longest} {unit}, and {length!r} is not that.")


@dataclass(frozen=True)
class Retention:
    """For how long items are kept after they were captured.

    ambient_h: hours for ambient compartments. domain_days: days for the items of a domain; items
    of any other are kept until they are forgotten. Both from 1 up to a hundred years. Raises
    ValueError with a sentence when that is not so.
    """

    ambient_h: int = 48
    domain_days: Mapping[str, int] = field(default_factory=lambda: {EPISODIC: 90}, hash=False)

    def __post_init__(self) -> None:
        _check_length("Ambient memory", self.ambient_h, _LONGEST_DAYS * 24, "hours")
        for domain, days in self.domain_days.items():
            Compartment("owner", domain)
            _check_length(f"The domain {domain}", days, _LONGEST_DAYS, "days")
        object.__setattr__(self, "domain_days", MappingProxyType(dict(self.domain_days)))

    @property
    def ambient(self) -> timedelta:
        """For how long what was overheard is kept."""
        return timedelta(hours=self.ambient_h)


DEFAULT: Final = Retention()
"""What holds unless it is configured otherwise."""


def expires_at(
    compartment: Compartment,
    captured_at: datetime,
    *,
    pinned: bool = False,
    retention: Retention = DEFAULT,
) -> datetime | None:
    """From when on an item must not be read any more, UTC; None if it is kept until forgotten.

    A pinned item does not expire, except in an ambient compartment: its key goes with its day,
    so that what is to stay must first be copied out. Raises ValueError if `captured_at` is naive.
    """
    captured = _since_epoch(captured_at)
    if compartment.subject == "ambient":
        kept = retention.ambient
    elif pinned or compartment.domain not in retention.domain_days:
        return None
    else:
        kept = timedelta(days=retention.domain_days[compartment.domain])
    return _EPOCH + min(captured + kept, _LAST)


def day_is_over(compartment: Compartment, now: datetime, retention: Retention = DEFAULT) -> bool:
    """True once everything captured on the UTC day of an ambient compartment has expired.

    Its key may then be destroyed, which nothing brings back: ask only with a clock that is known
    to be right. False for every compartment that is no ambient day. Raises ValueError if `now`
    is naive.
    """
    instant = _since_epoch(now)
    if compartment.subject != "ambient":
        return False
    begins = datetime.combine(date.fromisoformat(compartment.domain), time.min, UTC) - _EPOCH
    return instant >= begins + _DAY + retention.ambient


def _since_epoch(moment: datetime) -> timedelta:
    """Compared and added to as an instant: a wall clock repeats an hour each autumn."""
    if moment.utcoffset() is None:
        raise ValueError("A time without its time zone says nothing about retention.")
    return moment - _EPOCH
