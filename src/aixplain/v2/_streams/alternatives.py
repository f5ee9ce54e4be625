"""The answers of a stream as they grow: a chat may give several alternatives at once."""

from __future__ import annotations

from typing import Any

from aixplain._wire.logprobs import merge_logprobs
from aixplain._wire.messages import Detail, Message
from aixplain._wire.tool_calls import merge_tool_calls
from aixplain.v2._records import StreamChunk

_LARGEST_PART = 16384


class Text:
    """Text that grows: in UTF-8, and in parts, so that it takes little more than its own length."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._last = bytearray()

    def add(self, texts: list[str]) -> None:
        """Append these."""
        self._last += "".join(texts).encode("utf-8", "replace")
        if len(self._last) > _LARGEST_PART:
            self._parts.append(bytes(self._last))
            self._last.clear()

    def __str__(self) -> str:
        return b"".join([*self._parts, self._last]).decode("utf-8", "replace")


class Alternative:
    """One of the answers. Its text is added by whoever reads it."""

    def __init__(self) -> None:
        self.text = Text()
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._tool_calls: list[dict[str, Any]] = []
        self._logprobs: list[Any] = []
        self._finish_reason: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end."""
        return self._finish_reason is not None

    def take(self, chunk: StreamChunk) -> None:
        """Note what a chunk has beside its text."""
        self._tool_calls += chunk.tool_calls or []
        if chunk.reasoning_content:
            self._reasoning.append(chunk.reasoning_content)
        if chunk.logprobs is not None:
            self._logprobs.append(chunk.logprobs)
        self._finish_reason = chunk.finish_reason or self._finish_reason

    def refuse(self, text: str) -> None:
        """Append to the refusal, which a model gives in place of an answer."""
        self._refusal.append(text)

    def detail(self, index: int) -> Detail:
        """The answer as one of a result's details."""
        calls = merge_tool_calls(self._tool_calls) or None
        reasoning = "".join(self._reasoning) or None
        refusal = "".join(self._refusal) or None
        message = Message("assistant", str(self.text), refusal, tool_calls=calls, reasoning_content=reasoning)
        return Detail(index, message, merge_logprobs(self._logprobs), self._finish_reason)
