"""The criteria of the ideal customer profile, read from a YAML file and checked."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sales_agent.leads.countries import country_code
from sales_agent.leads.intent import known_topics

DEFAULT_FILE = Path(__file__).with_name("icp_default.yaml")

Share = Annotated[float, Field(ge=0, le=1)]
Points = Annotated[float, Field(ge=0, le=1000)]
Words = Annotated[tuple[str, ...], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class WordGroup(_Part):
    """Words that earn a share; `name` is how the draft calls the match."""

    name: str = ""
    share: Share
    words: Words

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(word.lower()) for word in self.words)})(?!\w)")


class Seniority(_Part):
    points: Points
    levels: tuple[WordGroup, ...]
    otherwise: Share = 0


class Industry(_Part):
    points: Points
    groups: tuple[WordGroup, ...]
    otherwise: Share = 0


class SizeBand(_Part):
    least: int = Field(alias="from", ge=0)
    most: int | None = Field(default=None, alias="to")
    share: Share

    @model_validator(mode="after")
    def _ordered(self) -> SizeBand:
        if self.most is not None and self.most < self.least:
            raise ValueError("'to' is smaller than 'from'")
        return self


class CompanySize(_Part):
    points: Points
    bands: tuple[SizeBand, ...]


class CountryGroup(_Part):
    share: Share
    countries: Words

    @model_validator(mode="after")
    def _known(self) -> CountryGroup:
        unknown = [code for code in self.countries if country_code(code) != code]
        if unknown:
            raise ValueError(f"not ISO 3166 country codes: {', '.join(unknown)}")
        return self


class Country(_Part):
    points: Points
    groups: tuple[CountryGroup, ...]
    otherwise: Share = 0


class Address(_Part):
    points: Points
    business: Share
    role: Share
    free_mail: Share
    disposable: Share
    no_reply: Share


class Intent(_Part):
    points: Points
    topics: dict[str, Share]
    otherwise: Share = 0

    @model_validator(mode="after")
    def _known(self) -> Intent:
        unknown = sorted(set(self.topics) - set(known_topics()))
        if unknown:
            raise ValueError(f"unknown topics: {', '.join(unknown)}; known are: {', '.join(known_topics())}")
        return self


class Criteria(_Part):
    """Weights of the ideal customer profile; see icp_default.yaml for what each part means."""

    seniority: Seniority
    industry: Industry
    company_size: CompanySize
    country: Country
    address: Address
    intent: Intent

    @property
    def most_points(self) -> float:
        return (self.seniority.points + self.industry.points + self.company_size.points
                + self.country.points + self.address.points + self.intent.points)

    @model_validator(mode="after")
    def _worth_something(self) -> Criteria:
        if self.most_points <= 0:
            raise ValueError("all points are 0, so nothing can be scored")
        return self


def load_criteria(path: Path | None = None) -> Criteria:
    """Read the criteria, by default those that ship with the product. Raises ValueError that names file and place."""
    file = path or DEFAULT_FILE
    try:
        return _load(file, file.stat().st_mtime_ns)
    except OSError as error:
        raise ValueError(f"{file}: cannot be read ({error.strerror})") from None


@lru_cache(maxsize=8)
def _load(file: Path, _changed: int) -> Criteria:
    try:
        return Criteria.model_validate(yaml.safe_load(file.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: is not valid YAML: {error}") from None
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise ValueError(f"{file}: {place}: {problem['msg'].removeprefix('Value error, ')}") from None
