"""Codes of languages. The platform's are ISO 639-1's but for a few, and a model takes both of those."""

from __future__ import annotations

from collections.abc import Iterable

_PLATFORM = {"as": "asm", "is": "isl", "ti": "tir", "uk": "ukr"}
_ISO = {platform: iso for iso, platform in _PLATFORM.items()}


def iso(code: str) -> str:
    """A code in ISO's spelling.

    >>> iso("ukr"), iso("en")
    ('uk', 'en')
    """
    return _ISO.get(code, code)


def platform(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes in the platform's spelling, which is what its filters hold.

    >>> platform(["en", "uk"])
    ('en', 'ukr')
    """
    return tuple(_PLATFORM.get(code, code) for code in codes)


def either(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes in both spellings, for an input that takes either.

    >>> either(["en", "uk"])
    ('en', 'uk', 'ukr')
    """
    listed = tuple(codes)
    return (*listed, *(code for code in platform(listed) if code not in listed))
