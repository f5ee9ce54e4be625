"""Error bodies, in all the shapes that services send."""

from __future__ import annotations

import msgspec
import pytest

from aixplain._wire.errors import MEANINGS, first_words, read_error, write_error


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "no such model"}', "no such model"),
        (
            b'{"statusCode": 400, "message": ["text is missing", "size is odd"], "error": "Bad Request"}',
            "text is missing; size is odd",
        ),
        (b'{"message": [{"message": "text is missing"}, null, "x"]}', "text is missing; x"),
        (b'{"message": {"message": "deep"}}', "deep"),
        (b'{"error": "Forbidden"}', "Forbidden"),
        (b'{"error": {"message": "deep", "code": 7}}', "deep"),
        (b'{"message": "", "error": "Forbidden"}', "Forbidden"),
        (b'{"message": null, "error": "Forbidden"}', "Forbidden"),
        (b'{"message": "  ", "errorMessage": "it failed"}', "it failed"),
        (b'{"supplierError": "quota"}', "quota"),
        (b'{"errorMessage": "it failed", "supplierError": "quota"}', "quota; it failed"),
        (b'{"statusCode": 500}', ""),
        (b"{}", ""),
        (b'"just text"', "just text"),
        (b'["a", "b"]', "a; b"),
        (b"[]", ""),
        (b"null", ""),
        (b"7", ""),
        (b"plain text\n", "plain text"),
        (b"<html><body>Bad Gateway</body></html>", ""),
        (b"  <!DOCTYPE html>", ""),
        (b"", ""),
        (b" ", ""),
        (b'{"message": "cut o', '{"message": "cut o'),
    ],
)
def test_the_words_of_an_error_are_found_in_every_shape(body: bytes, words: str) -> None:
    assert read_error(body)[0] == words


def test_an_error_object_is_kept_as_a_dict() -> None:
    assert read_error(b'{"message": "no", "requestId": "r"}')[1] == {"message": "no", "requestId": "r"}


@pytest.mark.parametrize("body", [b"", b"text", b"[1]", b"<html>", b'"text"', b"null"])
def test_what_is_no_object_has_an_empty_dict(body: bytes) -> None:
    assert read_error(body)[1] == {}


@pytest.mark.parametrize("body", [b"caf\xe9", b'"caf\xe9"', b'{"message": "caf\xe9"}'])
def test_text_that_is_not_utf8_is_still_read(body: bytes) -> None:
    assert "caf" in read_error(body)[0]


def test_a_long_text_is_shortened() -> None:
    assert len(read_error(b"x" * 10_000)[0]) == 500


def test_the_first_name_that_says_something_wins() -> None:
    content = {"a": "", "b": [], "c": {"detail": "c"}, "d": "d"}
    assert first_words(content, "a", "b", "c", "d") == "c"
    assert first_words(content, "a", "b", "none") == ""


@pytest.mark.parametrize("status", [400, 401, 404, 413, 429, 465, 475, 485, 492, 495, 497, 500, 503, 599])
def test_an_error_that_is_written_is_read(status: int) -> None:
    body = write_error(status, "No “x”.")
    words, content = read_error(body)
    assert words == "No “x”."
    assert content["statusCode"] == status
    assert content["error"]
    assert set(msgspec.json.decode(body)) == {"statusCode", "message", "error"}


def test_every_status_of_the_protocol_has_a_meaning_and_a_way_out() -> None:
    for status in (400, 401, 402, 475, 403, 404, 429, 497, 465, 485, 492, 495):
        assert all(MEANINGS[status])
