"""One error body of the protocol: written by a hub, read by a client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from aixplain._wire.control_characters import escape_lines
from aixplain._wire.error_words import error_words, words_of
from aixplain._wire.records import parse

#: The stores that files go to refuse in XML.
_STORE_WORDS = re.compile("<Message>([^<]+)</Message>")

_SECONDS = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|inf(inity)?)", re.IGNORECASE)
#: Seconds that `Retry-After` may say; more are taken for this.
LONGEST_RETRY_AFTER = 1e9

#: What a status means here, and the way out. The numbers above 460 are the platform's own.
MEANINGS: dict[int, tuple[str, str]] = {
    400: ("the request was not understood", "check the inputs against `model.inputs`"),
    401: ("the key was refused", "check TEAM_API_KEY (or AIXPLAIN_API_KEY), or the api_key that you passed"),
    402: ("no credits are left", "add credits to the team, or use another key"),
    403: ("this key may not do that", "ask the team's administrator for access, or use another key"),
    404: ("there is no such thing at this address", "search for it with Model.search(), and check the address"),
    409: ("it conflicts with an earlier request", "use a new idempotency key for a new request"),
    413: ("the request is too large", "send a file as an upload, or a smaller input"),
    429: ("too many requests", "wait a little, or raise the limits of the key"),
    465: ("the subscription doesn't cover it", "check the team's plan"),
    475: ("no credits are left", "add credits to the team, or use another key"),
    485: ("the model's supplier failed", "try again, or choose another supplier"),
    492: ("an input address can't be read", "check that the address is public, or pass the file itself"),
    495: ("an input is not valid", "check the inputs against `model.inputs`"),
    497: ("too many requests", "wait a little, or raise the limits of the key"),
    503: ("the service is busy or down", "try again in a moment"),
}


class ErrorBody(msgspec.Struct, rename="camel"):
    """`{"statusCode": N, "message": "…", "error": "…"}`, the shape of every error that a hub answers."""

    status_code: int
    message: str
    error: str


def write_error(status: int, message: str) -> bytes:
    """The body of an error answer.

    >>> write_error(404, "No model 'x'.")
    b'{"statusCode":404,"message":"No model \\'x\\'.","error":"Not Found"}'
    """
    return msgspec.json.encode(ErrorBody(status, message, _title(status)))


def read_error(body: bytes) -> tuple[str, dict[str, Any]]:
    """The service's own words in an error answer ("" if it has none), and the answer as a dict.

    >>> read_error(b'{"message": ["a", "b"]}')[0]
    'a; b'
    >>> read_error(b"<html>Bad Gateway</html>")[0]
    ''
    >>> read_error(b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")[0]
    'Request has expired'
    """
    try:
        content = parse(body)
    except msgspec.DecodeError:
        return _plain_text(body), {}
    return error_words(content), content if isinstance(content, dict) else {}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a service asks to be left alone, in either form of the header, whose name is in lower case.

    >>> retry_after({"retry-after": "2"})
    2.0
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(max(0.0, float(value)), LONGEST_RETRY_AFTER)
    return _seconds_until(value, headers.get("date", "")) if value else None


def _seconds_until(value: str, date: str) -> float | None:
    """`Retry-After` as a date, counted from the service's own clock, or from this machine's if it doesn't tell its own."""
    from datetime import UTC, datetime  # rare, and slow to import
    from email.utils import parsedate_to_datetime

    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    try:
        now = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        now = datetime.now(UTC)
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - now.replace(tzinfo=now.tzinfo or UTC)).total_seconds()
    return min(max(0.0, seconds), LONGEST_RETRY_AFTER)


def first_words(content: dict[str, Any], *names: str) -> str:
    """The first of these entries that says something.

    >>> first_words({"supplierError": "", "errorMessage": {"message": "no"}}, "supplierError", "errorMessage")
    'no'
    """
    return next((words for name in names if (words := words_of(content.get(name)))), "")


def _plain_text(body: bytes) -> str:
    text = body.decode("utf-8-sig", "replace").strip()
    if text.startswith("data:") and (data := text.removeprefix("data:").strip()).startswith("{"):
        return words_of(data.partition("\n\n")[0].strip())
    if text.startswith("<"):
        found = _STORE_WORDS.search(text)
        text = found[1].strip() if found else ""
    return escape_lines(text[:500])


def _title(status: int) -> str:
    from http import HTTPStatus  # slow to import, and wanted by a hub alone

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return MEANINGS.get(status, ("Error", ""))[0].capitalize()
