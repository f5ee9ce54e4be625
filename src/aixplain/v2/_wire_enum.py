"""Enums whose members are the strings of the wire."""

from __future__ import annotations

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
        """The member of this wire value or name, in either spelling; None for one that isn't known."""
        spelled = str(value)
        name, code = spelled.upper().replace("-", "_"), spelled.lower().replace("_", "-")
        return cls._member(spelled) or cls.__members__.get(name) or cls._member(code)

    @classmethod
    def _member(cls, value: str) -> Self | None:
        found = cls._value2member_map_.get(value)
        return found if isinstance(found, cls) else None
