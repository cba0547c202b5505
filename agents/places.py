"""Time zones by the names of cities and countries, offline: those of the tz database, and more.

The database names a city per zone and lists the zones of every country; large cities without a
zone of their own are added here.
"""

import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from context.errors import LapelError

_AREAS: Final = frozenset(
    "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()  # noqa: SIM905
)
_MORE: Final = {
    "America/New_York": "boston miami atlanta washington philadelphia baltimore pittsburgh orlando"
    " cleveland cincinnati charlotte raleigh tampa buffalo florida massachusetts pennsylvania",
    "America/Chicago": "houston dallas austin minneapolis memphis nashville texas milwaukee"
    " st.louis kansas-city new-orleans san-antonio oklahoma-city illinois wisconsin minnesota",
    "America/Denver": "albuquerque salt-lake-city colorado utah new-mexico santa-fe",
    "America/Phoenix": "arizona tucson",
    "America/Los_Angeles": "san-francisco seattle san-diego las-vegas sacramento oakland san-jose"
    " california nevada palo-alto silicon-valley la l.a.",
    "America/Toronto": "ottawa montreal quebec ontario",
    "America/Edmonton": "calgary alberta",
    "America/Halifax": "nova-scotia",
    "America/Mexico_City": "guadalajara puebla",
    "America/Sao_Paulo": "rio-de-janeiro rio brasilia belo-horizonte",
    "America/Bogota": "medellin cali cartagena",
    "America/Guayaquil": "quito",
    "America/Argentina/Buenos_Aires": "cordoba rosario",
    "Pacific/Honolulu": "hawaii",
    "America/Anchorage": "alaska",
    "Europe/London": "manchester birmingham liverpool leeds glasgow edinburgh cardiff bristol"
    " oxford cambridge england scotland wales uk britain great-britain",
    "Europe/Berlin": "munich hamburg cologne frankfurt stuttgart leipzig dresden dusseldorf bremen"
    " nuremberg munchen koln bonn hanover",
    "Europe/Paris": "lyon marseille nice toulouse bordeaux strasbourg lille nantes",
    "Europe/Rome": "milan venice florence naples turin bologna genoa palermo milano",
    "Europe/Madrid": "barcelona valencia seville bilbao malaga granada",
    "Europe/Lisbon": "porto",
    "Europe/Zurich": "geneva basel bern lausanne lucerne",
    "Europe/Vienna": "salzburg graz innsbruck linz",
    "Europe/Amsterdam": "rotterdam utrecht eindhoven hague the-hague holland",
    "Europe/Brussels": "antwerp ghent bruges",
    "Europe/Warsaw": "krakow gdansk wroclaw poznan",
    "Europe/Prague": "brno czechia",
    "Europe/Stockholm": "gothenburg malmo uppsala",
    "Europe/Oslo": "bergen trondheim",
    "Europe/Copenhagen": "aarhus",
    "Europe/Athens": "thessaloniki crete",
    "Europe/Dublin": "cork galway",
    "Europe/Kyiv": "kiev lviv odessa odesa kharkiv",
    "Europe/Moscow": "st.petersburg saint-petersburg",
    "Europe/Istanbul": "ankara izmir antalya",
    "Atlantic/Reykjavik": "iceland",
    "Asia/Dubai": "abu-dhabi",
    "Asia/Jerusalem": "tel-aviv haifa",
    "Asia/Kolkata": "mumbai delhi new-delhi bangalore bengaluru chennai hyderabad pune bombay goa",
    "Asia/Karachi": "lahore islamabad",
    "Asia/Shanghai": "beijing shenzhen guangzhou wuhan chengdu china",
    "Asia/Tokyo": "osaka kyoto yokohama nagoya sapporo hiroshima",
    "Asia/Seoul": "busan korea south-korea",
    "Asia/Ho_Chi_Minh": "hanoi saigon",
    "Asia/Makassar": "bali",
    "Asia/Riyadh": "mecca jeddah",
    "Australia/Sydney": "canberra",
    "Australia/Brisbane": "queensland gold-coast",
    "Pacific/Auckland": "wellington christchurch new-zealand",
    "Africa/Johannesburg": "cape-town durban pretoria",
    "Africa/Casablanca": "marrakesh rabat",
    "Africa/Cairo": "alexandria",
    "UTC": "utc gmt zulu",
}
_SEVERAL: Final = {
    "usa": "the United States", "us": "the United States", "u.s.": "the United States",
    "america": "the United States", "the united states": "the United States",
}  # fmt: skip
_AMBIGUOUS: Final = {
    "georgia": "a country and a state in America",
    "portland": "a city in Oregon and one in Maine",
    "springfield": "many towns",
    "la paz": "a city in Bolivia and one in Mexico",
    "san jose": "a city in California and one in Costa Rica",
}


class NoSuchPlace(LapelError):
    """There is no one time zone for it; the message is the sentence for it."""


def zone_of(place: str) -> ZoneInfo:
    """The time zone of a city, or of a country that has one. Raises NoSuchPlace otherwise."""
    name = _plain(place)
    if name in _AMBIGUOUS:
        raise NoSuchPlace(f"That could be {_AMBIGUOUS[name]}: say a larger city nearby.")
    zones = _zones().get(name)
    if zones is None:
        raise NoSuchPlace(
            "I don't know that place, so I can't tell the time there. Try a large city nearby."
        )
    if len(zones) > 1:
        raise NoSuchPlace("That has more than one time zone: name a city there.")
    return ZoneInfo(next(iter(zones)))


@cache
def _zones() -> dict[str, frozenset[str]]:
    """The zones of every name; a city's come before a country's."""
    data = files("tzdata").joinpath("zoneinfo")
    countries: dict[str, str] = {}
    for line in _lines(data.joinpath("iso3166.tab").read_text(encoding="utf-8")):
        code, name = line.split("\t")[:2]
        countries[code] = _plain(name)
    found: dict[str, set[str]] = {}
    for line in _lines(data.joinpath("zone.tab").read_text(encoding="utf-8")):
        code, _, zone = line.split("\t")[:3]
        found.setdefault(countries[code], set()).add(zone)
    everywhere = {name: frozenset(zones) for name, zones in found.items()}
    for alias in _SEVERAL:
        everywhere[alias] = everywhere["united states"]
    # Sorted, so that of several names of one zone it is always the same that counts.
    for zone in sorted(available_timezones(), reverse=True):
        area, _, city = zone.partition("/")
        if area in _AREAS and city:
            everywhere[_plain(city.rsplit("/", 1)[-1].replace("_", " "))] = frozenset({zone})
    for zone, names in _MORE.items():
        for name in names.split():
            everywhere[_plain(name.replace("-", " "))] = frozenset({zone})
    return everywhere


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _plain(place: str) -> str:
    """A place's name without accents, country, "the" and "city"."""
    first = place.partition(",")[0].replace("-", " ")
    apart = unicodedata.normalize("NFKD", first.casefold().replace("\u00df", "ss"))
    text = "".join(each for each in apart if not unicodedata.combining(each))
    words = " ".join(text.replace("_", " ").strip(" .?!").split()).removeprefix("the ")
    return words.replace("st. ", "st.").replace("saint ", "st.")
