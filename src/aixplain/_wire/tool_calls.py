"""Tool calls that arrive in pieces, put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


def merge_tool_calls(deltas: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whole tool calls from their deltas, by index: ids and names are taken, arguments are joined.

    >>> merge_tool_calls([
    ...     {"index": 0, "id": "c1", "type": "function", "function": {"name": "add", "arguments": ""}},
    ...     {"index": 0, "function": {"arguments": '{"a": '}},
    ...     {"index": 0, "function": {"arguments": "1}"}},
    ... ])
    [{'id': 'c1', 'type': 'function', 'function': {'name': 'add', 'arguments': '{"a": 1}'}}]
    """
    calls: dict[Any, dict[str, Any]] = {}
    for delta in deltas:
        call = calls.setdefault(delta.get("index", len(calls)), {})
        call.update({name: value for name, value in delta.items() if name not in ("index", "function") and value is not None})
        _join_function(call, delta.get("function"))
    return list(calls.values())


def _join_function(call: dict[str, Any], delta: Any) -> None:
    if not isinstance(delta, dict):
        return
    function = call.setdefault("function", {"name": "", "arguments": ""})
    function["name"] = delta.get("name") or function["name"]
    arguments = delta.get("arguments") or ""
    function["arguments"] += arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()
