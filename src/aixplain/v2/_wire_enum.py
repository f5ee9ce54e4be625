"""Enums whose members are the strings of the wire."""

from __future__ import annotations

from enum import Enum
from typing import Any, Self


class WireEnum(str, Enum):
    """Members equal their wire value: `Function.TRANSLATION == "translation"`."""

    @property
    def wire(self) -> str:
        """The member as it travels."""
        return str.__str__(self)

    def __str__(self) -> str:
        return self.wire

    @classmethod
    def find(cls, value: Any) -> Self | None:
        """The member of this wire value or name, in either spelling; None for one that isn't known."""
        found = cls._value2member_map_.get(value)
        if isinstance(found, cls):
            return found
        spelled = str(value)
        return cls.__members__.get(spelled.upper().replace("-", "_")) or cls._find_spelled(spelled.lower())

    @classmethod
    def _find_spelled(cls, spelled: str) -> Self | None:
        found = cls._value2member_map_.get(spelled.replace("_", "-"))
        return found if isinstance(found, cls) else None
