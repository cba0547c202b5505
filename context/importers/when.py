"""Dates, times and numbers as the assistant says them, whatever the machine's language. Pure."""

from datetime import date, datetime, timedelta, tzinfo

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve"),
)


def day_words(day: date) -> str:
    """3 March 2026."""
    return f"{month_day_words(day)} {day.year}"


def month_day_words(day: date) -> str:
    """3 March."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def weekday_words(day: date) -> str:
    """Tuesday 3 March 2026."""
    return f"{WEEKDAYS[day.weekday()]} {day_words(day)}"


def span_words(start: date, end: date | None) -> str:
    """When something is: all day if they are dates, `end` being the first day after it."""
    if not isinstance(start, datetime):
        last = start if end is None else end - timedelta(days=1)
        if last <= start:
            return f"{weekday_words(start)}, all day"
        return f"from {weekday_words(start)} to {weekday_words(last)}"
    if not isinstance(end, datetime) or end <= start:
        return f"{weekday_words(start)} at {start:%H:%M}"
    if end.date() == start.date():
        return f"{weekday_words(start)} from {start:%H:%M} to {end:%H:%M}"
    return f"from {weekday_words(start)} at {start:%H:%M} to {weekday_words(end)} at {end:%H:%M}"


def number_words(number: int) -> str:
    """Two; numbers above twelve in digits."""
    return _NUMBERS[number] if 0 <= number < len(_NUMBERS) else str(number)


def ordinal_words(number: int) -> str:
    """2nd."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{ending or 'th'}"


def listed(words: list[str]) -> str:
    """A, B and C."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def localised(moment: date, zone: tzinfo) -> date:
    """A moment as `zone` has it; one without a zone is meant there; a date stays a date."""
    if not isinstance(moment, datetime):
        return moment
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def moment_of(day: date, zone: tzinfo) -> datetime:
    """A moment as it is, a date as its beginning in `zone`."""
    if isinstance(day, datetime):
        return day
    return datetime(day.year, day.month, day.day, tzinfo=zone)
