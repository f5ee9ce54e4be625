"""Enums whose members are the strings of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Self


class WireEnum(StrEnum):
    """Members equal their wire value: `Function.TRANSLATION == "translation"`."""

    @property
    def wire(self) -> str:
        """The member as it travels."""
        return str.__str__(self)

    @classmethod
    def lookup(cls, value: Any) -> Self | None:
        """The member of this wire value or name, in either spelling; None for one that isn't known.

        What people call it, and a supplier's id, will do too.
        """
        if isinstance(value, cls):
            return value
        found = _known(cls).get(_spelled(value))
        return found if isinstance(found, cls) else None

    def _names(self) -> Iterator[Any]:
        """What the member is known by, the surest first."""
        yield from (self.value, self.name)


#: The members of each enum by each of their names, made when the enum is first asked.
_KNOWN: dict[type[WireEnum], dict[str, WireEnum]] = {}


def _known(enum: type[WireEnum]) -> dict[str, WireEnum]:
    if enum not in _KNOWN:
        known: dict[str, WireEnum] = {}
        for names in zip(*(member._names() for member in enum), strict=True):
            for member, name in zip(enum, names, strict=True):
                known.setdefault(_spelled(name), member)
        _KNOWN[enum] = known
    return _KNOWN[enum]


def _spelled(name: Any) -> str:
    """One spelling for all: `TEXT_GENERATION`, `text-generation` and `Text Generation` are the same."""
    return str(name).strip().lower().replace("_", "-").replace(" ", "-")
