"""Voice profiles: read from a file, checked, and enforced on a draft."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sales_agent.ports.voice_rules import apply_voice, voice_problems
from sales_agent.ports.writer import VoiceProfile

__all__ = ["DEFAULT_FILE", "VoiceProfile", "apply_voice", "load_voice", "to_yaml", "voice_problems"]

DEFAULT_FILE = Path(__file__).with_name("voice_default.yaml")
_PLACEHOLDER = "{first_name}"


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line without control characters")
    return value.strip()


def _plain(value: str) -> str:
    if "{" in value or "}" in value:
        raise ValueError("must not contain braces")
    return value


def _with_name(value: str) -> str:
    if value.count(_PLACEHOLDER) != 1 or "{" in value.replace(_PLACEHOLDER, ""):
        raise ValueError(f"must contain {_PLACEHOLDER} once and no other braces")
    return value


Line = Annotated[str, Field(max_length=120), AfterValidator(_one_line)]
PlainLine = Annotated[Line, Field(min_length=1), AfterValidator(_plain)]
Greeting = Annotated[Line, AfterValidator(_with_name)]
Postscript = Annotated[str, Field(max_length=300), AfterValidator(_one_line), AfterValidator(_plain)]
Term = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_one_line)]
Mark = Annotated[str, Field(min_length=1, max_length=4, pattern=r"^[^\w\s]+$")]


class _Checked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Translation(_Checked):
    greeting: Greeting | None = None
    greeting_without_name: PlainLine | None = None
    sign_off: PlainLine | None = None
    postscript: Postscript | None = None


class _VoiceFile(_Checked):
    name: PlainLine = "default"
    tone: Literal["friendly", "formal", "direct"] = "friendly"
    greeting: Greeting = "Hi {first_name},"
    greeting_without_name: PlainLine = "Hello,"
    sign_off: PlainLine = "Best regards,"
    contractions: bool = True
    max_paragraphs: int = Field(5, ge=2, le=10)
    prohibited_words: list[Term] = Field(default_factory=list, max_length=200)
    prohibited_punctuation: list[Mark] = Field(default_factory=list, max_length=30)
    postscript: Postscript = ""
    slot_count: int = Field(3, ge=1, le=3)
    translations: dict[Annotated[str, Field(pattern="^[a-z]{2}$")], _Translation] = Field(default_factory=dict)

    def voice(self) -> VoiceProfile:
        fields = self.model_dump(exclude={"translations", "prohibited_words", "prohibited_punctuation"})
        translations = {language: words.model_dump(exclude_none=True) for language, words in self.translations.items()}
        return VoiceProfile(**fields, prohibited_words=tuple(self.prohibited_words),
                     prohibited_punctuation=tuple(self.prohibited_punctuation), translations=translations)


def load_voice(path: Path | None = None) -> VoiceProfile:
    """Read a voice profile, by default the one that ships with the product.

    Raises ValueError that names the file and the place in it.
    """
    file = path or DEFAULT_FILE
    try:
        return _load(file, file.stat().st_mtime_ns)
    except OSError as error:
        raise ValueError(f"{file}: cannot be read ({error.strerror})") from None


@lru_cache(maxsize=8)
def _load(file: Path, _changed: int) -> VoiceProfile:
    try:
        return _VoiceFile.model_validate(yaml.safe_load(file.read_text("utf-8"))).voice()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: is not valid YAML: {error}") from None
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise ValueError(f"{file}: {place}: {problem['msg'].removeprefix('Value error, ')}") from None


def to_yaml(voice: VoiceProfile) -> str:
    """The voice as a file that `load_voice` reads. Raises ValueError when it is not a valid voice."""
    fields = {name: getattr(voice, name) for name in _VoiceFile.model_fields}
    fields["prohibited_words"] = list(voice.prohibited_words)
    fields["prohibited_punctuation"] = list(voice.prohibited_punctuation)
    _VoiceFile.model_validate(fields)
    return str(yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=120))
