"""A result and a stream in a notebook: text, data, and media that show and play."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aixplain.v2._addresses import origin
from aixplain.v2._files.formats import type_of_name
from aixplain.v2._notebook.marks import code, faint, json, line, long_text, strong, text

if TYPE_CHECKING:
    from aixplain.v2._records import ModelResult

#: How each kind of medium is shown. The address is escaped, and nothing of it runs: in an image not even an SVG does.
_PLAYERS = {
    "image": '<img src="{}" alt="" style="max-width:100%;max-height:30em;display:block;margin:.3em 0">',
    "audio": '<audio controls preload="metadata" src="{}" style="display:block;margin:.3em 0"></audio>',
    "video": '<video controls preload="metadata" src="{}" style="max-width:100%;max-height:30em;display:block"></video>',
}


def result_html(result: ModelResult) -> str:
    """What came back: its status where it is no success, its data, and what it took."""
    head = line(_status(result)) if result.failed or result.in_progress else ""
    data = None if result.in_progress else result.data  # that of an accepted run is its address, which the head has
    return head + "".join(_shown(data)) + line(faint(_took(result)))


def stream_html(status: str, partial: str) -> str:
    """A stream as far as it was read; to show it reads nothing."""
    hint = (
        f"for piece in stream: … reads {'on' if partial else 'it'}, stream.text() the whole" if status == "IN_PROGRESS" else ""
    )
    return line(strong(status), code(hint) if hint else "") + (long_text(partial) if partial else "")


def _status(result: ModelResult) -> str:
    told = result.error_message or result.supplier_error or ""
    share = "" if result.progress is None else faint(f"{result.progress:.0%}")
    where = code(result.url) if result.in_progress and result.url else ""
    return " ".join(filter(None, (strong(result.status), share, text(told), where)))


def _shown(data: Any) -> Iterator[str]:
    """The data: each medium in it by itself, and text or JSON as it is."""
    media = [each for each in _texts(data) if _medium(each)]
    yield from (_medium(each) for each in media)
    if isinstance(data, str) and not media:
        yield _link(data) or long_text(data)
    elif data is not None and (not media or len(media) < len(list(_texts(data)))):
        yield json(data)


def _texts(data: Any) -> Iterator[str]:
    """The text itself, or those in a list or an object."""
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, list) else [data]
    return (each for each in inside if isinstance(each, str))


def _medium(address: str) -> str:
    """The player of an address that is one of a medium; "" for what is none."""
    if address.startswith("data:"):
        kind = address[5:].partition("/")[0]
    elif _is_address(address):
        kind = (type_of_name(address.partition("?")[0].partition("#")[0]) or "").partition("/")[0]
    else:
        return ""
    player = _PLAYERS.get(kind)
    return player.format(text(address)) + (_link(address) if not address.startswith("data:") else "") if player else ""


def _link(address: str) -> str:
    if not _is_address(address):
        return ""
    return line(
        f'<a style="color:inherit" href="{text(address)}" target="_blank" rel="noopener noreferrer">{text(address)}</a>'
    )


def _is_address(value: str) -> bool:
    return bool(origin(value)) and not any(map(str.isspace, value))


def _took(result: ModelResult) -> str:
    """Time, tokens and credits, as far as they are told."""
    usage = result.usage
    tokens = usage.total_tokens if usage is not None else None
    told = (
        f"{result.run_time:.2g} s" if result.run_time is not None else "",
        f"{tokens:,} tokens" if tokens else "",
        f"{result.used_credits:g} credits" if result.used_credits else "",
    )
    return " · ".join(filter(None, told))
