"""Backends whose answers come whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import Any

from aixplain.hub.backends import OnProgress, Output, Piece


class Whole(ABC):
    """The stream of a backend that has none: its whole answer, once it is there."""

    @abstractmethod
    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer."""

    async def stream(self, inputs: dict[str, Any]) -> AsyncGenerator[Piece, None]:
        """The same; the catalog says that these models don't stream, so nobody asks."""
        yield await self.run(inputs, lambda done: None)
