"""Tool calls that arrive in deltas, put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


def merge_tool_calls(deltas: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return whole tool calls from their deltas: ids and names are taken, arguments are joined.

    An id that is new begins a call, whatever the index: some services give all calls the index 0, null, or none. An empty id
    or type says nothing.

    >>> merge_tool_calls([
    ...     {"index": 0, "id": "c1", "type": "function", "function": {"name": "add", "arguments": ""}},
    ...     {"index": 0, "function": {"arguments": '{"a": '}},
    ...     {"index": 0, "function": {"arguments": "1}"}},
    ... ])
    [{'id': 'c1', 'type': 'function', 'function': {'name': 'add', 'arguments': '{"a": 1}'}}]
    """
    calls: list[dict[str, Any]] = []
    by_index: dict[Any, dict[str, Any]] = {}
    for delta in deltas:
        index = delta.get("index")
        index = index if isinstance(index, int | str) else None
        call = _call_of(delta, calls, by_index.get(index), index is not None and bool(by_index))
        if call is None:
            call = {}
            calls.append(call)
            if index is None:
                by_index.clear()  # what follows goes on with this call, whatever the index of those before
        if index is not None:
            by_index[index] = call
        call.update({name: value for name, value in delta.items() if name not in ("index", "function") and _says(name, value)})
        _join_function(call, delta.get("function"))
    return calls


def _says(name: str, value: Any) -> bool:
    return value is not None and (value != "" or name not in ("id", "type"))


def _call_of(
    delta: dict[str, Any], calls: list[dict[str, Any]], at_index: dict[str, Any] | None, has_index: bool
) -> dict[str, Any] | None:
    """The call that a delta goes on with; None for one that begins a call. `has_index`: calls are told apart by indices."""
    id = delta.get("id")
    if isinstance(id, int | str) and id != "":
        known = next((call for call in calls if call.get("id") == id), None)
        if known is not None:
            return known
        return at_index if at_index is not None and "id" not in at_index else None
    if at_index is None and (has_index or not calls):
        return None
    call = at_index if at_index is not None else calls[-1]
    return None if _begins_another(delta, call) else call


def _begins_another(delta: dict[str, Any], call: dict[str, Any]) -> bool:
    """Whether a delta without an id names a function beside that of a call: another one, or the same once more."""
    function = delta.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    before = call.get("function", {})
    return bool(name and before.get("name")) and (name != before["name"] or _is_whole(before["arguments"]))


def _is_whole(arguments: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(arguments), dict)
    except ValueError:
        return False


def _join_function(call: dict[str, Any], delta: Any) -> None:
    if not isinstance(delta, dict):
        return
    function = call.setdefault("function", {"name": "", "arguments": ""})
    function["name"] = delta.get("name") or function["name"]
    arguments = delta.get("arguments")
    if arguments is not None:
        function["arguments"] += arguments if isinstance(arguments, str) else _as_json(arguments)


def _as_json(arguments: Any) -> str:
    try:
        return msgspec.json.encode(arguments).decode()
    except RecursionError:  # no JSON reader would take them either
        return ""
