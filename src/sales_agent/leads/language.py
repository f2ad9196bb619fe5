"""Which language is this text written in? Decided by stop words: enough to choose the words of a reply."""

from __future__ import annotations

import re
from collections import Counter

SUPPORTED = ("en", "de", "fr", "es", "it", "nl", "pt")
_READ_CHARACTERS = 2_000
_ENOUGH_WORDS = 2  # stop words needed before the text is believed
_WORD = re.compile(r"[^\W\d_]+")

_STOP_WORDS = {
    "en": "the and of to in is are for with that this we you our your have would can how what please hello thanks it "
          "i be on do does from when could need about there not my",
    "de": "der die das und ist sind für mit dass wir sie ihr unser unsere ihre haben würde können wie was bitte hallo "
          "danke ich ein eine nicht auf zu von bei den dem es uns ihnen auch noch wann gibt möchten guten tag",
    "fr": "le la les et est sont pour avec que nous vous notre votre avons avez pourriez comment quel quelle bonjour "
          "merci je un une des du ne pas sur dans de au aux ce cette il y nos vos souhaitons quand serait",
    "es": "el la los las y es son para con que nosotros usted nuestro nuestra su hemos tienen podría cómo qué hola "
          "gracias yo un una no en del de al por esta este nos sus queremos cuánto buenos días cuándo tenemos",
    "it": "il lo la gli le e è sono per con che noi voi nostro nostra vostro abbiamo avete potrebbe come cosa "
          "buongiorno grazie io un una non di del della al in questo questa vorremmo quando nel ciao",
    "nl": "de het en is zijn voor met dat wij u ons onze uw hebben zou kunnen hoe wat graag hallo bedankt ik een niet "
          "op van bij naar dit deze we jullie kunt wanneer ook nog goedendag willen",
    "pt": "o a os as e é são para com que nós você nosso nossa seu temos têm poderia como qual olá obrigado obrigada "
          "eu um uma não em do da de ao por esta este nos queremos quando bom dia gostaríamos",
}
_LANGUAGES_OF: dict[str, tuple[str, ...]] = {}
for _language, _words in _STOP_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF[_word] = (*_LANGUAGES_OF.get(_word, ()), _language)


def detect_language(text: str, hint: str = "") -> str:
    """The ISO 639-1 code of the text's language; the hint's ("de", "pt-BR") when unsure, else "en"."""
    ranked = _hits(text[:_READ_CHARACTERS]).most_common(2)
    if ranked and ranked[0][1] >= 6 * _ENOUGH_WORDS and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
        return ranked[0][0]
    hinted = hint.strip().lower()[:2]
    return hinted if hinted in SUPPORTED else "en"


def language_shares(text: str) -> dict[str, float]:
    """How much of what tells a language speaks for each, most first; together 1, or empty when nothing tells."""
    hits = _hits(text)
    return {language: count / hits.total() for language, count in hits.most_common()}


def is_stop_word(word: str) -> bool:
    """Whether it is one of the small words of a language; those of two letters may be abbreviations, and do not count."""
    return len(word) > 2 and word.lower() in _LANGUAGES_OF


def stop_word_share(text: str, language: str) -> float:
    """Which part of the words are small words of that language, 0 to 1."""
    words = _WORD.findall(text.lower())
    return sum(language in _LANGUAGES_OF.get(word, ()) for word in words) / len(words) if words else 0.0


def _hits(text: str) -> Counter[str]:
    hits: Counter[str] = Counter()
    for word in _WORD.findall(text.lower()):
        owners = _LANGUAGES_OF.get(word, ())
        for language in owners:
            hits[language] += 6 // len(owners)  # a word of one language alone says most
    return hits
