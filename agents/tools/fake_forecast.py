"""A forecast service in memory: for tests, evaluation and demos."""

from dataclasses import dataclass, field
from datetime import date

from agents.tools.weather import Day, Now, Place
from context.errors import LapelError
from context.labels import Label


@dataclass
class FakeForecast:
    """The same weather every day of `days`. anywhere: the place of every name that is not in
    `places`. `asked` keeps the names and labels asked for.
    """

    today: date
    home: str = ""
    places: dict[str, Place] = field(
        default_factory=lambda: {"paris": Place("Paris", 48.85, 2.35, "France")}
    )
    code: int = 61
    rain: int | None = 80
    days: int = 15
    error: LapelError | None = None
    anywhere: Place | None = None
    asked: list[tuple[str, Label]] = field(default_factory=list[tuple[str, Label]])

    def find(self, name: str, label: Label) -> Place | None:
        """A place of `places`, by its name in lower case."""
        self.asked.append((name, label))
        if self.error is not None:
            raise self.error
        return self.places.get(name.casefold(), self.anywhere)

    def now(self, place: Place, label: Label) -> tuple[Now, Day]:
        """14 degrees."""
        return Now(self.code, 14.2, 10.0), self._on(self.today)

    def day(self, place: Place, day: date, label: Label) -> Day | None:
        """9 to 17 degrees."""
        return self._on(day) if (day - self.today).days <= self.days else None

    def _on(self, day: date) -> Day:
        return Day(day, self.code, 8.6, 17.4, self.rain)
