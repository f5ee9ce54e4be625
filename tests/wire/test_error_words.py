"""What an error says, in the shapes that services send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aixplain._wire.error_words import error_words
from aixplain._wire.errors import read_error

SAYS = "The prompt is too long"
PLACEHOLDERS: list[dict[str, Any]] = [
    {},
    {"message": "err.supplier_error"},
    {"message": "Bad Request", "error": "Bad Request"},
    {"error": "Unprocessable", "statusCode": 422},
    {"message": None, "errorMessage": "", "error": False},
    {"error": True, "code": "too_long", "status": "FAILED", "completed": True},
]
TOLD: dict[str, dict[str, Any]] = {
    "supplierError": {"supplierError": SAYS},
    "supplier_error": {"supplier_error": SAYS},
    "supplierError as an object": {"supplierError": {"error": {"message": SAYS, "type": "invalid_request_error"}}},
    "supplierError as JSON": {"supplierError": json.dumps({"error": {"message": SAYS}})},
    "message as a text": {"message": SAYS},
    "message as a list": {"message": [SAYS]},
    "message as an object": {"message": {"message": SAYS}},
    "message as JSON of a text": {"message": json.dumps(SAYS)},
    "errorMessage": {"errorMessage": SAYS},
    "error as a text": {"error": SAYS},
    "error as an object": {"error": {"code": 400, "message": SAYS, "status": "INVALID_ARGUMENT"}},
    "error as JSON in JSON": {"error": json.dumps({"error": json.dumps({"message": SAYS})})},
    "detail as a text": {"detail": SAYS},
    "detail as a list": {"detail": [{"loc": ["body", "text"], "msg": SAYS, "type": "value_error"}]},
    "detail as an object": {"detail": {"error": SAYS}},
    "title and detail": {"title": "Bad input", "detail": SAYS, "type": "about:blank"},
    "errors": {"errors": [{"message": SAYS}, {"message": SAYS}]},
    "by field": {"text": [SAYS]},
    "data.error": {"data": {"error": SAYS}},
    "data.error.message": {"data": {"error": {"message": SAYS}, "output": "half an answer"}},
    "data as JSON": {"data": json.dumps({"error": SAYS})},
    "data as a list": {"data": [{"error": {"detail": SAYS}}]},
}


@pytest.mark.parametrize("placeholder", PLACEHOLDERS, ids=str)
@pytest.mark.parametrize("shape", TOLD)
def test_the_most_specific_message_is_found_in_every_shape(shape: str, placeholder: dict[str, Any]) -> None:
    content = {**placeholder, **TOLD[shape]}
    assert error_words(content).startswith((SAYS, f"text: {SAYS}"))
    assert read_error(json.dumps(content).encode()) == (error_words(content), content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"message": "Validation failed", "error": "text is empty"}, "Validation failed; text is empty"),
        ({"errorMessage": "supplier: quota exceeded", "supplierError": "Quota exceeded"}, "supplier: quota exceeded"),
        ({"detail": [{"loc": ["body", "n"], "msg": "not a number"}, {"msg": "no"}]}, "not a number (body.n); no"),
        ({"message": "err.supplier_error"}, "err.supplier_error"),
        ({"error": "Not Found"}, "Not Found"),
        ({"title": "Bad input"}, "Bad input"),
        ({"code": "context_length_exceeded"}, "context_length_exceeded"),
        ({"data": "it broke"}, "it broke"),
        ({"data": "http://127.0.0.1/poll"}, ""),
        ({"data": {"text": "half an answer"}}, ""),
        ({"status": "FAILED", "runTime": 2, "requestId": "r", "asset": {"assetId": "x"}}, ""),
        (["a", {"msg": "b"}], "a; b"),
        (None, ""),
    ],
)
def test_texts_that_differ_are_joined_and_titles_are_a_last_resort(content: Any, words: str) -> None:
    assert error_words(content) == words


def test_control_characters_are_escaped_and_a_long_text_is_cut() -> None:
    assert error_words({"message": "red \x1b[31m\u202e\nline"}) == "red \\x1b[31m\\u202e\nline"
    assert len(error_words({"message": "word " * 10_000})) == 2001
    assert len(error_words({"message": ["x" * 300] * 10_000})) <= 2001


def test_an_error_nested_to_any_depth_is_read_without_recursion() -> None:
    body = b'{"message": "no", "error": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    assert read_error(body)[0] == "no"
    assert read_error(b'{"error": ' * 3000 + b'"deep"' + b"}" * 3000)[0] == ""


@pytest.mark.parametrize("odd", [b"\xef\xbb\xbf", b""], ids=["a byte order mark", "no mark"])
@pytest.mark.parametrize("number", ["NaN", "-Infinity", "7" * 5000, r'"\ud83d"'])
def test_odd_json_takes_nothing_away_from_an_error(odd: bytes, number: str) -> None:
    words, content = read_error(odd + b'{"n": %s, "message": "too long"}' % number.encode())
    assert (words, content["message"]) == ("too long", "too long")


def test_an_event_stream_that_refuses_is_read_too() -> None:
    assert read_error(b'data: {"error": {"message": "no"}}\n\n')[0] == "no"
