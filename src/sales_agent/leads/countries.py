"""Countries as people write them, and the time zone most of their people live in."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from importlib import resources

# The zone with most people, where the zone table begins with another one.
_MAIN_ZONES = {
    "AU": "Australia/Sydney", "BR": "America/Sao_Paulo", "CA": "America/Toronto", "CD": "Africa/Kinshasa",
    "CL": "America/Santiago", "CN": "Asia/Shanghai", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta", "KZ": "Asia/Almaty", "MN": "Asia/Ulaanbaatar", "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland", "PT": "Europe/Lisbon", "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv", "US": "America/New_York", "UZ": "Asia/Tashkent", "AR": "America/Argentina/Buenos_Aires",
}
_ALIASES = {
    "uk": "GB", "united kingdom": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states of america": "US", "america": "US",
    "estados unidos": "US", "états-unis": "US", "deutschland": "DE", "allemagne": "DE", "alemania": "DE",
    "österreich": "AT", "oesterreich": "AT", "autriche": "AT", "schweiz": "CH", "suisse": "CH", "svizzera": "CH",
    "frankreich": "FR", "francia": "FR", "españa": "ES", "espana": "ES", "espagne": "ES", "spanien": "ES",
    "italia": "IT", "italien": "IT", "italie": "IT", "nederland": "NL", "the netherlands": "NL", "holland": "NL",
    "niederlande": "NL", "belgië": "BE", "belgique": "BE", "belgien": "BE", "méxico": "MX", "brasil": "BR",
    "perú": "PE", "polska": "PL", "polen": "PL", "danmark": "DK", "sverige": "SE", "norge": "NO", "suomi": "FI",
    "czechia": "CZ", "türkiye": "TR", "turkey": "TR", "uae": "AE", "united arab emirates": "AE", "south korea": "KR",
    "korea": "KR", "republic of korea": "KR", "viet nam": "VN", "hong kong sar": "HK", "russian federation": "RU",
    "japon": "JP", "japón": "JP", "日本": "JP", "中国": "CN",
}
# Country-code domains that companies anywhere use; they say nothing about the place.
_WORLDWIDE_TLDS = frozenset({
    "ac", "ai", "cc", "cd", "co", "fm", "gg", "io", "la", "ly", "me", "ms", "nu", "pw", "re",
    "sc", "sh", "so", "st", "sx", "tk", "to", "tv", "vc", "vg", "ws",
})


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    zones: defaultdict[str, list[str]] = defaultdict(list)
    for code, _, zone in _table("zone.tab"):
        zones[code].append(zone)
    return {code: tuple(names) for code, names in zones.items()}


@cache
def _codes() -> dict[str, str]:
    """Country code by every known lower-case spelling, the code itself included."""
    names = {name.lower(): code for code, name in _table("iso3166.tab")}
    return names | {code.lower(): code for code in names.values()} | _ALIASES


def _table(name: str) -> list[list[str]]:
    text = resources.files("tzdata").joinpath("zoneinfo", name).read_text("utf-8")
    columns = 3 if name == "zone.tab" else 2
    return [line.split("\t")[:columns] for line in text.splitlines() if line and not line.startswith("#")]


def country_code(value: str) -> str:
    """ISO 3166 code of a country given by code or name in common languages, or "" when it is not known."""
    return _codes().get(" ".join(value[:80].lower().split()), "")


def country_of_domain(domain: str) -> str:
    """ISO 3166 code by the domain's ending, or "" when the ending says nothing about the place."""
    ending = domain.rpartition(".")[2].lower()
    return "" if len(ending) != 2 or ending in _WORLDWIDE_TLDS else _codes().get(ending, "")


def main_zone(code: str) -> str:
    """The IANA zone in which most people of the country live, or "" for an unknown code."""
    return _MAIN_ZONES.get(code) or next(iter(_zones().get(code, ())), "")
