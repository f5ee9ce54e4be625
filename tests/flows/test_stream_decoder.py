"""Streamed answers: bytes become chunks, and the end tells whether they are all."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aixplain.v2._flow import TransportFailure
from aixplain.v2._records import Usage
from aixplain.v2._streams.chunks import ChunkDecoder
from aixplain.v2._streams.streamers import ModelResponseStreamer
from aixplain.v2.exceptions import APIError, IncompleteStreamError, StreamFailedError

DONE = b"data: [DONE]\n\n"


def event(value: Any) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else msgspec.json.encode(value)) + b"\n\n"


def openai(*, finish_reason: str | None = None, usage: Any = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}], "usage": usage}


def texts(streamer: Any) -> list[Any]:
    return [chunk.data for chunk in streamer]


def read_until_error(streamer: Any, kind: type[Exception]) -> tuple[list[Any], Any]:
    found: list[Any] = []
    with pytest.raises(kind) as error:
        found.extend(chunk.data for chunk in streamer)
    return found, error.value


@pytest.mark.parametrize("end", [DONE, b"data:[DONE]\n\n", event({"data": "[DONE]"})])
def test_a_done_in_either_spelling_ends_the_stream(body: Any, end: bytes) -> None:
    streamer = ModelResponseStreamer(body(event({"data": "a"}), end, event({"data": "after the end"})))
    assert texts(streamer) == ["a"]
    assert streamer.status == "SUCCESS"


def test_the_last_line_needs_no_end(body: Any) -> None:
    streamer = ModelResponseStreamer(body(event({"data": "a"}), b"data: [DONE]"))
    assert texts(streamer) == ["a"]
    assert streamer.status == "SUCCESS"


def test_chunks_in_the_platforms_shape_are_read(body: Any) -> None:
    assert texts(ModelResponseStreamer(body(event({"data": "a"}), event({"data": ""}), event({"data": " b"}), DONE))) == [
        "a",
        "",
        " b",
    ]


def test_chunks_in_the_shape_of_openai_are_read(body: Any) -> None:
    pieces = [openai(role="assistant"), openai(content="a"), openai(content=None), openai(content=" b", finish_reason="stop")]
    streamer = ModelResponseStreamer(body(*map(event, pieces), DONE))
    chunks = list(streamer)
    assert [chunk.data for chunk in chunks] == ["", "a", "", " b"]
    assert [chunk.finish_reason for chunk in chunks] == [None, None, None, "stop"]


@pytest.mark.parametrize(
    "last",
    [
        openai(finish_reason="stop"),
        openai(finish_reason="length"),
        {"data": "", "finish_reason": "stop"},
        {"status": "SUCCESS"},
    ],
)
def test_a_finish_reason_or_a_success_marks_a_whole_stream(body: Any, last: Any) -> None:
    streamer = ModelResponseStreamer(body(event({"data": "a"}), event(last)))
    assert "".join(texts(streamer)) == "a"
    assert streamer.status == "SUCCESS"


def test_what_comes_after_a_finish_reason_is_still_read(body: Any) -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": "1", "completion_tokens": 2, "total_tokens": "NaN"}}
    chunks = list(ModelResponseStreamer(body(event(openai(content="a", finish_reason="stop")), event(usage), DONE)))
    assert chunks[-1].usage == Usage(1, 2, None)
    assert [chunk.data for chunk in chunks] == ["a", ""]


@pytest.mark.parametrize("together", [True, False])
def test_alternatives_are_told_apart(body: Any, together: bool) -> None:
    choices = [
        {"index": 0, "delta": {"content": "one "}},
        {"index": 1, "delta": {"content": "two "}, "logprobs": {"content": [{"token": "two "}], "refusal": None}},
        {"index": 1, "delta": {"content": "more"}, "logprobs": {"content": [{"token": "more"}], "refusal": None}},
        {"index": 0, "delta": {}, "finish_reason": "stop"},
        {"index": 1, "delta": {}, "finish_reason": "length"},
    ]
    events = [event({"choices": [choice]}) for choice in choices]
    streamer = ModelResponseStreamer(body(b"".join(events)) if together else body(*events))
    assert [(chunk.index, chunk.data) for chunk in streamer] == [(0, "one "), (1, "two "), (1, "more"), (0, ""), (1, "")]
    assert streamer.text() == "one "
    details = streamer.result().details
    assert [(each.message.content, each.finish_reason) for each in details] == [("one ", "stop"), ("two more", "length")]
    assert details[1].logprobs == {"content": [{"token": "two "}, {"token": "more"}], "refusal": None}


@pytest.mark.parametrize("odd", [{}, {"object": 5, "usage": 7}])
def test_alternatives_in_one_event_are_told_apart_too(body: Any, odd: dict[str, Any]) -> None:
    def both(*words: str, reason: str | None = None) -> bytes:
        choices = [{"index": index, "delta": {"content": word}, "finish_reason": reason} for index, word in enumerate(words)]
        return event({"choices": choices, **odd})

    streamer = ModelResponseStreamer(body(both("one", "two"), both(" more", " less"), both("", "", reason="stop"), DONE))
    assert sorted((chunk.index, chunk.data) for chunk in streamer if chunk.data) == [
        *((0, " more"), (0, "one")),
        *((1, " less"), (1, "two")),
    ]
    details = streamer.result().details
    assert [(each.message.content, each.finish_reason) for each in details] == [("one more", "stop"), ("two less", "stop")]


def test_alternatives_of_one_event_may_come_in_any_order(body: Any) -> None:
    choices = [{"index": 1, "delta": {"content": "B"}}, {"index": 0, "delta": {"content": "A"}}]
    streamer = ModelResponseStreamer(body(event({"choices": choices}), DONE))
    assert sorted((chunk.index, chunk.data) for chunk in streamer) == [(0, "A"), (1, "B")]
    assert [each.message.content for each in streamer.result().details] == ["A", "B"]


def test_a_stream_is_cut_while_one_of_its_alternatives_goes_on(body: Any) -> None:
    choices = [{"index": 0, "delta": {"content": "A"}}, {"index": 1, "delta": {"content": "B half"}}]
    ends = {"index": 0, "delta": {}, "finish_reason": "stop"}
    streamer = ModelResponseStreamer(body(*(event({"choices": [choice]}) for choice in [*choices, ends])))
    with pytest.raises(IncompleteStreamError):
        list(streamer)


def test_plain_text_is_of_no_alternative(body: Any) -> None:
    assert [chunk.index for chunk in ModelResponseStreamer(body(event({"data": "a"}), DONE))] == [None]
    assert [chunk.index for chunk in ModelResponseStreamer(body(event(openai(content="a")), DONE))] == [0]


@pytest.mark.parametrize(
    "last", [{"status": "SUCCESS", "data": ""}, {"choices": []}, {"choices": [{"index": 0, "delta": {"content": "b"}}]}]
)
def test_what_a_stream_cost_is_in_its_result(body: Any, last: Any) -> None:
    answer = body(event({"data": "a"}), event({**last, "usage": None, "usedCredits": 0.25}), DONE)
    assert ModelResponseStreamer(answer).result().used_credits == 0.25


def test_a_connection_that_breaks_after_a_finish_reason_takes_nothing_away(body: Any) -> None:
    streamer = ModelResponseStreamer(body(event(openai(content="a", finish_reason="stop")), TransportFailure("broken")))
    assert texts(streamer) == ["a"]
    assert streamer.status == "SUCCESS"


@pytest.mark.parametrize("rest", [[], [TransportFailure("broken")], [b'data: {"da'], [b": bye\n\n"]], ids=repr)
def test_a_stream_that_stops_without_an_end_was_cut(body: Any, rest: list[Any]) -> None:
    answer = body(event({"data": "one "}), event(openai(content="two ")), *rest)
    streamer = ModelResponseStreamer(answer)
    found, error = read_until_error(streamer, IncompleteStreamError)
    assert found[:2] == ["one ", "two "]
    assert error.partial.startswith("one two ")
    assert not isinstance(error, APIError)
    assert streamer.status == "FAILED"
    assert answer.closed


@pytest.mark.parametrize("answer", [b"", b"<html>Bad Gateway</html>"])
def test_no_event_at_all_is_a_cut_stream(body: Any, answer: bytes) -> None:
    found, error = read_until_error(ModelResponseStreamer(body(answer)), IncompleteStreamError)
    assert (found, error.partial) == ([], "")


@pytest.mark.parametrize(
    ("failure", "words", "status"),
    [
        ({"error": "it broke"}, "it broke", 0),
        ({"error": {"message": "it broke", "code": "x"}}, "it broke", 0),
        ({"error": {"message": "it broke"}, "statusCode": 485}, "it broke", 485),
        ({"status": "FAILED", "errorMessage": "it broke", "statusCode": 485}, "it broke", 485),
        ({"status": "FAILED", "errorMessage": "no", "supplierError": "it broke"}, "it broke; no", 0),
        ({"status": "FAILED"}, "FAILED", 0),
        ({"status": "ABORTED"}, "ABORTED", 0),
        ({"status": "CANCELED"}, "CANCELED", 0),
    ],
)
def test_an_error_inside_a_stream_raises_after_the_chunks_that_came(body: Any, failure: Any, words: str, status: int) -> None:
    streamer = ModelResponseStreamer(body(event({"data": "one "}) + event(failure), event({"data": "too late"}), DONE))
    found, error = read_until_error(streamer, StreamFailedError)
    assert found == ["one "]
    assert (str(error), error.partial, error.status_code) == (f"Operation failed: {words}", "one ", status)
    assert error.response_data == failure
    assert isinstance(error, APIError)
    assert streamer.status == "FAILED"


def test_an_error_that_is_null_is_none(body: Any) -> None:
    assert texts(ModelResponseStreamer(body(event({"data": "a", "error": None}), DONE))) == ["a"]


def test_one_plain_envelope_instead_of_a_stream_is_one_chunk(body: Any) -> None:
    envelope = {"status": "SUCCESS", "completed": True, "data": "whole", "usage": {"total_tokens": 3}}
    raw = msgspec.json.encode(envelope)
    streamer = ModelResponseStreamer(body(raw[:9], raw[9:], headers={"content-type": "application/json; charset=utf-8"}))
    (chunk,) = list(streamer)
    assert (chunk.data, chunk.usage.total_tokens, chunk.status, streamer.status) == ("whole", 3, "SUCCESS", "SUCCESS")


def test_one_plain_failure_instead_of_a_stream_raises(body: Any) -> None:
    answer = body(b'{"status": "FAILED", "errorMessage": "no"}', headers={"content-type": "application/json"})
    found, error = read_until_error(ModelResponseStreamer(answer), StreamFailedError)
    assert (found, str(error)) == ([], "Operation failed: no")


@pytest.mark.parametrize("text", ["hello", "two words", "{not json", "[DONE", "1.10", "1e5", "007", "nan", "a\u2028b", ""])
def test_text_that_is_no_object_is_a_chunk_as_it_is(body: Any, text: str) -> None:
    assert texts(ModelResponseStreamer(body(event(text.encode()), DONE))) == [text]


def test_a_json_text_is_a_chunk(body: Any) -> None:
    assert texts(ModelResponseStreamer(body(event(b'"a\\nb"'), DONE))) == ["a\nb"]


def test_text_of_several_lines_keeps_them(body: Any) -> None:
    assert texts(ModelResponseStreamer(body(b"data: one\ndata: {two}\n\n", DONE))) == ["one\n{two}"]


def test_one_json_may_be_spread_over_several_data_lines(body: Any) -> None:
    assert texts(ModelResponseStreamer(body(b'data: {"data":\ndata: "a"\ndata: }\n\n', DONE))) == ["a"]


def test_events_without_blank_lines_between_them_are_told_apart(body: Any) -> None:
    streamer = ModelResponseStreamer(body(b'data: {"data": "a"}\ndata: {"data": "b"}\ndata: [DONE]\n'))
    assert texts(streamer) == ["a", "b"]


def test_lines_that_are_no_data_are_skipped(body: Any) -> None:
    pieces = b': hello\nevent: message\nid: 7\nretry: 100\ndata: {"data": "a"}\n\n'
    assert texts(ModelResponseStreamer(body(pieces, DONE))) == ["a"]


def test_tool_calls_reasoning_and_usage_are_on_the_chunk(body: Any) -> None:
    calls = [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]
    usage = {"total_tokens": "3"}
    pieces = [
        openai(tool_calls=calls),
        openai(reasoning_content="because"),
        openai(reasoning="because"),
        openai(usage=usage, finish_reason="tool_calls"),
        {"data": "a", "tool_calls": calls, "reasoning_content": "because", "usage": usage},
    ]
    one, two, three, four, five = list(ModelResponseStreamer(body(*map(event, pieces), DONE)))
    assert one.tool_calls == five.tool_calls == calls
    assert two.reasoning_content == three.reasoning_content == five.reasoning_content == "because"
    assert four.usage == five.usage == Usage(None, None, 3)
    assert (four.finish_reason, five.finish_reason) == ("tool_calls", None)


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": []},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": "text"}]},
        {"choices": None},
        {"usage": "none"},
        {},
        {"data": None},
    ],
    ids=repr,
)
def test_an_odd_chunk_breaks_nothing(body: Any, odd: Any) -> None:
    assert "".join(texts(ModelResponseStreamer(body(event(odd), event({"data": "a"}), DONE)))).endswith("a")


def test_the_text_is_utf8_whatever_the_headers_leave_open(body: Any) -> None:
    for kind in ("text/event-stream", "text/event-stream; charset=utf-8", "text/event-stream;charset=UTF-8"):
        answer = body(event({"data": "é\u2028\N{GRINNING FACE}"}), DONE, headers={"content-type": kind})
        assert texts(ModelResponseStreamer(answer)) == ["é\u2028\N{GRINNING FACE}"]


def test_another_charset_is_used_when_the_headers_name_it(body: Any) -> None:
    headers = {"content-type": "text/event-stream; charset=ISO-8859-1"}
    answer = body('data: {"data": "é"}\n\n'.encode("latin-1"), DONE, headers=headers)
    assert texts(ModelResponseStreamer(answer)) == ["é"]


def test_bytes_that_are_no_utf8_break_nothing(body: Any) -> None:
    (text,) = texts(ModelResponseStreamer(body(event(b'{"data": "caf\xe9"}'), DONE)))
    assert "caf" in text


def test_a_stream_that_is_left_early_is_closed_and_over(body: Any) -> None:
    answer = body(event({"data": "a"}) + event({"data": "b"}), event({"data": "c"}))
    with ModelResponseStreamer(answer) as streamer:
        assert next(streamer).data == "a"
    assert answer.closed
    assert list(streamer) == []


@given(cuts=st.lists(st.integers(0, 130), max_size=10))
def test_any_split_of_the_bytes_gives_the_same_chunks(cuts: list[int]) -> None:
    stream = b"".join(event({"data": token}) for token in ("é", "\u2028", "\N{GRINNING FACE}", "a\nb")) + DONE
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = ChunkDecoder()
    for start, end in itertools.pairwise(places):
        decoder.feed(stream[start:end])
    decoder.end()
    assert [chunk.data for chunk in decoder.ready] == ["é", "\u2028", "\N{GRINNING FACE}", "a\nb"]
    assert decoder.status == "SUCCESS"
