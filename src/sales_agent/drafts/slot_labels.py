"""A slot as the lead reads it: their own time zone, their own language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_DAYS = {
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "de": ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."],
    "fr": ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
    "es": ["lun.", "mar.", "mié.", "jue.", "vie.", "sáb.", "dom."],
}
_MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "de": ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
    "fr": ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    "es": ["ene.", "feb.", "mar.", "abr.", "may.", "jun.", "jul.", "ago.", "sept.", "oct.", "nov.", "dic."],
}
_FORMS = {
    "en": "{day} {number} {month}, {start}–{end} ({zone})",
    "de": "{day}, {number}. {month}, {start}–{end} Uhr ({zone})",
    "fr": "{day} {number} {month}, {start}–{end} ({zone})",
    "es": "{day} {number} {month}, {start}–{end} ({zone})",
}
_GERMAN_ZONES = {"CET": "MEZ", "CEST": "MESZ"}


def slot_label(start: datetime, end: datetime, zone: ZoneInfo, language: str = "en") -> str:
    """Such as "Tue 24 Nov, 14:00–14:30 (CET)"; the zone's IANA name where it has no abbreviation."""
    language = language if language in _FORMS else "en"
    local, until = start.astimezone(zone), end.astimezone(zone)
    return _FORMS[language].format(
        day=_DAYS[language][local.weekday()], number=local.day, month=_MONTHS[language][local.month - 1],
        start=f"{local:%H:%M}", end=f"{until:%H:%M}", zone=_zone_name(local, zone, language))


def _zone_name(local: datetime, zone: ZoneInfo, language: str) -> str:
    short = local.tzname() or ""
    if not short.isalpha():
        return zone.key
    return _GERMAN_ZONES.get(short, short) if language == "de" else short
