"""The text of a search as queries of the full-text index: other forms of words, synonyms, and corrected typos."""

from __future__ import annotations

import difflib
import re
import sqlite3
from collections.abc import Iterator

from aixplain.hub.store.sqlite.synonyms import LONGEST_TERM, MATCHES, WORDS

MOST_WORDS = 16
LAST_LETTER = "\U0010ffff"
#: Endings that a word may have here and lack there: what is left of it begins all its forms.
_ENDING = re.compile(
    r"(?:(?<=...)iz(?:ations?|ing|ers?|es|ed|e)|(?<=.....)is(?:ations?|ing|ers?|es|ed|e)"
    r"|(?<=...)(?:ications?|ions?|ings?|ors?|ers?|ed|ies|es|is|s|e|y))$"
)
_WORD = re.compile(r"[^\W_]+")
#: British spellings -> American ones. Synonyms are listed in these.
_BRITISH = ((re.compile(r"(?<=...)is(?=(?:e|es|ed|ers?|ing|ations?)$)"), "iz"), (re.compile(r"(?<=...)our(?=s|$|i|e)"), "or"))
_AMERICAN = re.compile(r"(?<=[^aeiou])or(?=s?$)")
#: Words that say nothing about a model, left out where others remain.
_STOPWORDS = frozenset(
    re.findall(r"\w+", "a ai an and any can do does for from in into is it model models my of on or that the to which with")
)
#: A shorter word is not corrected, nor is one with a digit: they are names.
SHORTEST_CORRECTED = 4
ALIKE = 0.8
MOST_COMPARED = 20_000


def text_queries(connection: sqlite3.Connection, text: str) -> Iterator[str]:
    """Yield queries to try in turn: all words, all words with typos corrected, then any of them. An empty one finds all."""
    words = _WORD.findall(text)[:MOST_WORDS]
    groups = _groups(words)
    yield " AND ".join(groups)
    if not words:
        return
    corrected = [_corrected(connection, word) for word in words]
    if corrected != words:
        groups = _groups(corrected)
        yield " AND ".join(groups)
    if len(groups) > 1:
        yield " OR ".join(groups)


def _groups(words: list[str]) -> list[str]:
    """The queries of the words and of the terms of several words among them."""
    lowered = [word.lower() for word in words]
    found: list[str] = []
    number = 0
    while number < len(words):
        size, matches = _term(lowered, number)
        literal = " AND ".join(_either(word) for word in words[number : number + size])
        if matches:
            found.append(f"(({literal}) OR {matches})")
        elif lowered[number] not in _STOPWORDS:
            found.append(literal)
        number += size
    return found or [_either(word) for word in words]


def _term(words: list[str], start: int) -> tuple[int, str]:
    """The number of words of the longest term that begins here, and what else matches it; (1, "") without one."""
    for size in range(min(LONGEST_TERM, len(words) - start), 0, -1):
        spelled = words[start : start + size]
        matches = MATCHES.get(tuple(spelled)) or MATCHES.get(tuple(map(_plain, spelled)))
        if matches:
            return size, matches
    return 1, ""


def _plain(word: str) -> str:
    """A word as the synonyms have it: American, and singular.

    >>> [_plain(word) for word in ("summarises", "summaries", "transcribing", "colours", "chatbots", "bus")]
    ['summarize', 'summary', 'transcribe', 'color', 'chatbot', 'bus']
    """
    for british, american in _BRITISH:
        word = british.sub(american, word)
    if len(word) <= 3:
        return word
    forms = (word, word[:-1], word[:-3] + "y", word[:-3] + "e", word[:-3], word[:-1], word[:-2])
    endings = ("", "s", "ies", "ing", "ing", "d", "ed")
    known = (form for form, ending in zip(forms, endings, strict=True) if word.endswith(ending) and form in WORDS)
    return next(known, word[:-1] if word.endswith("s") and not word.endswith("ss") else word)


def _either(word: str) -> str:
    """A word as a query of the index: itself, what begins with it, and its other forms. The nearest ranks first."""
    lowered = word.lower()
    forms = [_ENDING.sub("", lowered)]
    for british, american in _BRITISH:
        if (other := british.sub(american, lowered)) != lowered:
            forms.append(other)
    if (british_word := _AMERICAN.sub("our", lowered)) != lowered and len(lowered) <= 9:
        forms.append(british_word)
    others = "".join(f' OR "{form}"*' for form in forms if form != lowered)
    return f'("{word}" OR "{word}"*{others})'


def _corrected(connection: sqlite3.Connection, word: str) -> str:
    """The word, or the nearest known one if nothing in the catalog begins with it and no synonym is it."""
    lowered = word.lower()
    if len(lowered) < SHORTEST_CORRECTED or not lowered.isalpha() or _plain(lowered) in WORDS:
        return word
    if connection.execute("SELECT 1 FROM models_text WHERE models_text MATCH ? LIMIT 1", [_either(word)]).fetchone():
        return word
    return next(iter(difflib.get_close_matches(lowered, _comparable(connection, lowered), 1, ALIKE)), word)


def _comparable(connection: sqlite3.Connection, word: str) -> list[str]:
    """The words of the catalog and of the synonyms that begin with the first or second letter of this one, as long as it."""
    shortest, longest = len(word) - 2, len(word) + 2
    found = {each for each in WORDS if shortest <= len(each) <= longest}
    for letter in {word[0], word[1]}:
        terms = connection.execute(
            "SELECT term FROM temp.words WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ? LIMIT ?",
            [letter, letter + LAST_LETTER, shortest, longest, MOST_COMPARED],
        )
        found.update(row[0] for row in terms if row[0].isalpha())
    return sorted(found)
