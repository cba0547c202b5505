"""Open-Meteo's public services (open-meteo.com/en/docs), or a server of one's own like them.

Only a place's name is sent to the one, and coordinates to the other: rounded to hundredths of a
degree, about a kilometre, as weather is not finer.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, cast

from agents.egress import Gate
from agents.egress_client import EgressClient, NetworkFailed, Server
from agents.tools.weather import Day, Now, Place
from context.labels import Label

_DAILY: Final = "weather_code,temperature_2m_max,temperature_2m_min,precipitation_probability_max"
_CURRENT: Final = "temperature_2m,weather_code,wind_speed_10m"
_UNREADABLE: Final = "The weather service answered something that I can't read."


class OpenMeteo:
    """Places and forecasts. home: the place that is meant where none is said, or ""."""

    def __init__(self, forecasts: Server, places: Server, gate: Gate, *, home: str) -> None:
        what = "The weather service"
        self._forecasts = EgressClient("weather", forecasts, gate, what=what)
        self._places = EgressClient("weather", places, gate, what=what)
        self._home = home

    @property
    def home(self) -> str:
        """Return the place of the settings."""
        return self._home

    def find(self, name: str, label: Label) -> Place | None:
        """Return the likeliest place of that name."""
        asked: dict[str, str | int] = {"name": name, "count": 1, "language": "en", "format": "json"}
        raw = self._places.get("/v1/search", label, asked)
        results = _table(raw).get("results")
        if results is None or results == []:
            return None
        if not isinstance(results, list):
            raise NetworkFailed(_UNREADABLE)
        best = _table(cast("list[object]", results)[0])
        latitude, longitude = _number(best.get("latitude")), _number(best.get("longitude"))
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise NetworkFailed(_UNREADABLE)
        return Place(_text(best.get("name")), latitude, longitude, _text(best.get("country")))

    def now(self, place: Place, label: Label) -> tuple[Now, Day]:
        """Return the weather now, and today's."""
        raw = self._forecast(place, label, {"current": _CURRENT, "forecast_days": 1})
        current = _table(raw.get("current"))
        wind = current.get("wind_speed_10m")
        now = Now(
            _code(current.get("weather_code")),
            _number(current.get("temperature_2m")),
            None if wind is None else _number(wind),
        )
        days = _days(raw)
        if not days:
            raise NetworkFailed(_UNREADABLE)
        return now, days[0]

    def day(self, place: Place, day: date, label: Label) -> Day | None:
        """Return a day's weather."""
        asked: dict[str, str | int] = {"start_date": day.isoformat(), "end_date": day.isoformat()}
        days = _days(self._forecast(place, label, asked))
        return next((each for each in days if each.day == day), None)

    def _forecast(
        self, place: Place, label: Label, more: Mapping[str, str | int]
    ) -> Mapping[str, object]:
        where = {"latitude": f"{place.latitude:.2f}", "longitude": f"{place.longitude:.2f}"}
        asked = {**where, "timezone": "auto", "daily": _DAILY, **more}
        return _table(self._forecasts.get("/v1/forecast", label, asked))


def _days(raw: Mapping[str, object]) -> list[Day]:
    """The days of a forecast that are whole; Raises NetworkFailed."""
    daily = _table(raw.get("daily"))
    names = ("time", *_DAILY.split(","))
    columns = [daily.get(name) for name in names]
    if not all(isinstance(column, list) for column in columns[:4]):
        raise NetworkFailed(_UNREADABLE)
    times, codes, highs, lows = (cast("list[object]", column) for column in columns[:4])
    chances = cast("list[object]", columns[4]) if isinstance(columns[4], list) else []
    days: list[Day] = []
    for at, time in enumerate(times):
        rest = [each[at] if at < len(each) else None for each in (codes, highs, lows)]
        if None in rest or not isinstance(time, str):
            continue  # beyond what the model of that region reaches
        chance = chances[at] if at < len(chances) else None
        try:
            day = date.fromisoformat(time)
        except ValueError as error:
            raise NetworkFailed(_UNREADABLE) from error
        rain = None if chance is None else max(0, min(100, round(_number(chance))))
        days.append(Day(day, _code(rest[0]), _number(rest[2]), _number(rest[1]), rain))
    return days


def _table(raw: Any) -> Mapping[str, object]:
    if not isinstance(raw, dict):
        raise NetworkFailed(_UNREADABLE)
    return cast("dict[str, object]", raw)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
        raise NetworkFailed(_UNREADABLE)
    return float(value)


def _code(value: object) -> int:
    return round(_number(value))


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""
