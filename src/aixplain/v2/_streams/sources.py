"""Open answers of other HTTP libraries, as streams: those of requests, and anything that has lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from aixplain._wire.records import parse
from aixplain.v2._flow import Stream, TransportFailure

if TYPE_CHECKING:
    import requests


class LineSource(Protocol):
    """The open answer of an HTTP library, as far as a stream needs it."""

    def iter_lines(self) -> Iterable[str | bytes]:
        """Iterate over the lines, without their ends."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class _LinesBody:
    """Lines as a body, whatever library they come from."""

    def __init__(self, source: LineSource) -> None:
        self._source = source
        self._lines = iter(source.iter_lines())
        self._is_whole = False
        """Whether the last line was the data of a whole event, whose blank line the source may leave out."""
        self.headers: Mapping[str, str] = {}

    def read(self) -> bytes | None:
        try:
            line = next(self._lines)
        except StopIteration:
            return None
        except Exception as error:  # the libraries' own exceptions, which have no common base
            raise TransportFailure(f"the connection broke: {error}") from error
        line = (line.encode("utf-8", "surrogatepass") if isinstance(line, str) else bytes(line)).rstrip(b"\r\n")
        begins_another = self._is_whole and line.startswith(b"data:")
        self._is_whole = _is_whole(line)
        end = b"\n\n" if line.removeprefix(b"data:").strip() == b"[DONE]" else b"\n"
        return b"\n" * begins_another + line + end

    def close(self) -> None:
        self._source.close()


def _is_whole(line: bytes) -> bool:
    """Whether a line is the data of an event that is a JSON object from its beginning to its end."""
    data = line.removeprefix(b"data:").strip()
    if data is line or not data.startswith(b"{") or not data.endswith(b"}"):
        return False
    try:
        parse(data)
    except msgspec.DecodeError:
        return False
    return True


class _RequestsBody:
    """The open answer of the library requests, as a stream."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    def read(self) -> bytes | None:
        import requests  # loaded already, by whoever made the response
        from urllib3.exceptions import HTTPError

        try:
            # As much as has arrived; `iter_content` would wait for more.
            piece: bytes = self._response.raw.read1(65536, decode_content=True)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise TransportFailure(f"the connection broke: {error}") from error
        return piece or None

    def close(self) -> None:
        self._response.close()


def as_stream(response: Any) -> Stream:
    """Return the stream in an open answer, whatever library it comes from."""
    if not callable(getattr(response, "iter_lines", None)):  # asked of the object itself: stand-ins make it when it is read
        stream: Stream = response
        return stream
    library = sys.modules.get("requests")
    if library is not None and issubclass(type(response), library.Response) and _is_live(response):
        return _RequestsBody(response)
    return _LinesBody(response)


def _is_live(response: requests.Response) -> bool:
    """Whether the body is still on its connection; one that was made by hand or read before has its lines alone."""
    from urllib3.response import BaseHTTPResponse  # loaded already, with requests

    return isinstance(response.raw, BaseHTTPResponse) and not response.raw.closed
