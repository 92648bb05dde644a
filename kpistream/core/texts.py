"""Texts that people write for people: plain, in any language, or in both of the product's.

An owner, an action, a summary may be `media buying`, or `{en: media buying, fr: achat média}`. Of
both, the English one stands wherever there is room for one: in labels, records and messages. What
it is in the other language is looked up where a person reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Tag

from kpistream.core.kpis.kpi import Language

MAX_WORDS: Final = 500
"""The most characters of a text."""

Translations = Mapping[str, Mapping[Language, str]]
"""Texts in both languages, by the English one."""


def said(text: str) -> str:
    """A text without the blanks around it; raises ValueError for an empty or a long one."""
    if not text.strip():
        raise ValueError("must not be empty")
    if len(text) > MAX_WORDS:
        raise ValueError(f"must not be longer than {MAX_WORDS} characters")
    return text.strip()


Words = Annotated[str, AfterValidator(said)]


class Texts(BaseModel):
    """A text in both languages."""

    model_config = ConfigDict(extra="forbid", strict=True)

    en: Words
    fr: Words

    def by_language(self) -> dict[Language, str]:
        """The text by language."""
        return {"en": self.en, "fr": self.fr}


Wording = Annotated[
    Annotated[Texts, Tag("mapping")] | Annotated[Words, Tag("plain")],
    Discriminator(lambda written: "mapping" if isinstance(written, dict | Texts) else "plain"),
]
"""A text as it may be written: plain, or in both languages."""


def plain(written: str | Texts) -> str:
    """A text as it stands where there is room for one."""
    return written if isinstance(written, str) else written.en


def translations(*written: str | Texts) -> dict[str, dict[Language, str]]:
    """Those of some texts that are written in both languages."""
    return {text.en: text.by_language() for text in written if isinstance(text, Texts)}


def in_language(text: str, known: Translations, language: Language) -> str:
    """A text in a language; as it is, if nobody has translated it."""
    return known.get(text, {}).get(language, text)
