"""Text, reasoning, tool calls and failures of a stream, in all the shapes that services send."""

from __future__ import annotations

import io
import itertools
from typing import Any
from unittest.mock import MagicMock, Mock

import msgspec
import pytest

from aixplain.v2._streams.chunks import ChunkDecoder
from aixplain.v2._streams.streamers import ModelResponseStreamer
from aixplain.v2.exceptions import IncompleteStreamError, StreamFailedError

DONE = b"data: [DONE]\n\n"


def event(value: Any) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else msgspec.json.encode(value)) + b"\n\n"


def choice(**fields: Any) -> bytes:
    return event({"choices": [{"index": 0, **fields}]})


def delta(**fields: Any) -> bytes:
    return choice(delta=fields)


def read(*packets: bytes) -> ChunkDecoder:
    decoder = ChunkDecoder()
    for packet in packets:
        decoder.feed(packet)
    decoder.end()
    return decoder


# --- Text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (delta(content="hi"), "hi"),
        (delta(content=[{"type": "text", "text": "hi"}]), "hi"),
        (delta(content=["h", {"type": "output_text", "text": "i"}]), "hi"),
        (delta(content=[{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hi"}]), "hi"),
        (delta(content={"type": "text", "text": {"value": "hi"}}), "hi"),
        (delta(content=5), "5"),
        (delta(content=0.5), "0.5"),
        (choice(text="hi"), "hi"),
        (choice(delta={}, message={"role": "assistant", "content": "hi"}), "hi"),
        (choice(message={"content": [{"type": "text", "text": "hi"}]}), "hi"),
        (event({"data": 5}), "5"),
        (event({"data": ["h", "i"]}), "hi"),
        (event({"content": "hi"}), "hi"),
        (event({"text": "hi"}), "hi"),
        (choice(delta="hi"), "hi"),
        (choice(delta={"role": "assistant"}, message={"content": "hi"}), "hi"),
        (choice(message="hi"), "hi"),
        (choice(content="hi"), "hi"),
        (event({"choices": {"delta": {"content": "hi"}}}), "hi"),
        (event({"choices": ["hi"]}), "hi"),
        (event({"choices": [], "data": "hi"}), "hi"),
        (delta(content=[[["h"]], {"text": {"value": "i"}}]), "hi"),
        (delta(content=True), "true"),
        (b'data: {"data": "one\ndata: two"}\n\n', "one\ntwo"),
        (b'data: {"choices": [{"delta":\ndata: {"content": "one\ndata: two"}}]}\n\n', "one\ntwo"),
    ],
)
def test_text_is_read_in_every_shape(sent: bytes, text: str) -> None:
    decoder = read(sent, DONE)
    assert [chunk.data for chunk in decoder.ready] == [text]
    assert decoder.result().data == text


def test_a_message_that_repeats_the_text_so_far_adds_nothing() -> None:
    sent = [
        choice(delta={"content": each}, message={"content": whole}) for each, whole in (("h", "h"), ("i", "hi"), ("", "hi"))
    ]
    assert read(*sent, DONE).result().data == "hi"


def test_text_keeps_its_order_beside_an_event_of_several_lines() -> None:
    sent = event({"data": "a"}) + b'data: {"data": "b"}\ndata: {"data": "c"}\n\n' + event({"data": "d"})
    decoder = read(sent, DONE)
    assert decoder.result().data == "".join(chunk.data for chunk in decoder.ready) == "abcd"


@pytest.mark.parametrize(
    "end", [b"data: [DONE]\n\n", b"data:[DONE] \n\n", b'data: "[DONE]"\n\n', b'data: {"data": "[DONE]"}\n\n']
)
def test_every_spelling_of_the_end_ends_a_stream(end: bytes) -> None:
    decoder = read(event({"data": "a"}), end, event({"data": "b"}))
    decoder.raise_for_end()
    assert decoder.result().data == "a"


@pytest.mark.parametrize("value", [{"usage": 1}, None, [], {"type": "image", "url": "x"}])
def test_a_chunk_without_text_has_an_empty_one(value: Any) -> None:
    assert [chunk.data for chunk in read(event({"data": value}), event({"data": "a"}), DONE).ready] == ["", "a"]


def test_a_plain_answer_keeps_its_data() -> None:
    decoder = read(b'{"status": "SUCCESS", "completed": true, "data": {"a": 1}}')
    assert [chunk.data for chunk in decoder.ready] == [{"a": 1}]
    assert decoder.result().data == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        b"a\\ud83d",
        b"a\xff",
        b"\xef\xbb\xbfa",
    ],
)
def test_odd_letters_cost_no_text(text: bytes) -> None:
    found = read(delta(content="x").replace(b"x", text), delta(content="b"), DONE).result().data
    assert found.startswith(("a", "\ufeffa"))
    assert found.endswith("b")


@pytest.mark.parametrize("odd", [b"NaN", b"-Infinity", b"9" * 5000, b"[" * 1100 + b"]" * 1100, b"1e999"])
def test_an_odd_value_beside_the_text_costs_no_text(odd: bytes) -> None:
    sent = b'data: {"choices": [{"delta": {"content": "a"}, "logprobs": %s}]}\n\n' % odd
    assert read(sent, delta(content="b"), DONE).result().data == "ab"
    assert read(b'data: {"data": "a", "score": %s}\n\n' % odd, event({"data": "b"}), DONE).result().data == "ab"


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "text/event-stream", ""])
def test_events_and_plain_answers_are_told_apart_by_what_they_are(media_type: str) -> None:
    for sent in (
        event({"data": "hi"}) + DONE,
        b' {"status": "SUCCESS", "data": "hi"}',
        b"\xef\xbb\xbf: note\n\n" + event({"data": "hi"}) + DONE,
    ):
        for cut in range(len(sent)):
            decoder = ChunkDecoder(media_type)
            decoder.feed(sent[:cut])
            decoder.feed(sent[cut:])
            decoder.end()
            assert decoder.result().data == "hi"
            assert decoder.status == "SUCCESS"


# --- Packets --------------------------------------------------------------------------------------

MIXED = [
    event({"data": "a"}),
    event({"data": "b", "index": 1}),
    event({"data": "c", "logprobs": {"content": [{"token": "c"}]}}),
    delta(content="d"),
    choice(delta={"content": "e"}, logprobs={"content": [{"token": "e"}]}),
    event({"choices": [{"index": 1, "delta": {"content": "f"}}]}),
    event({"choices": [{"index": 1, "delta": {"content": "g"}}, {"index": 0, "delta": {"content": "h"}}]}),
    event({"choices": [{"index": 0, "delta": {"content": "i"}}, {"index": 0, "delta": {"content": "j"}}]}),
    delta(content=None),
    delta(reasoning_details=[{"type": "reasoning.text", "text": "hm"}]),
    choice(delta={}, finish_reason="stop"),
    event({"choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]}),
]


@pytest.mark.parametrize("pair", [*itertools.product(range(len(MIXED)), repeat=2)], ids=str)
def test_chunks_do_not_depend_on_packet_boundaries(pair: tuple[int, int]) -> None:
    sent = [MIXED[number] for number in pair] * 2
    apart, together = read(*sent, DONE), read(b"".join([*sent, DONE]))
    assert list(apart.ready) == list(together.ready)
    assert apart.result() == together.result()


def test_no_split_of_the_bytes_changes_a_chunk() -> None:
    sent = b"".join([*MIXED, DONE])
    whole = read(sent)
    for cut in range(len(sent)):
        split = read(sent[:cut], sent[cut:])
        assert list(split.ready) == list(whole.ready)
        assert split.result() == whole.result()


# --- Reasoning ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "hm"},
        {"reasoning": "hm"},
        {"reasoning": {"text": "hm"}},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "h"}, {"type": "reasoning.text", "text": "m"}]},
        {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"thinking": "hm"},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
        {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}]},
    ],
)
def test_reasoning_is_read_in_every_shape(fields: dict[str, Any]) -> None:
    decoder = read(delta(**fields), delta(content="a"), DONE)
    assert [chunk.reasoning_content for chunk in decoder.ready] == ["hm", None]
    assert decoder.result().details[0].message.reasoning_content == "hm"
    assert decoder.result().data == "a"


def test_a_refusal_is_in_the_result() -> None:
    decoder = read(delta(refusal="I "), delta(refusal="can't."), DONE)
    assert decoder.result().details[0].message.refusal == "I can't."


# --- Tool calls -----------------------------------------------------------------------------------


def call(arguments: str, id: Any = None, name: Any = None, **further: Any) -> dict[str, Any]:
    function = {"arguments": arguments} | ({} if name is None else {"name": name})
    return {"id": id, "type": "function", "function": function, **further}


TWO = [("c1", "add", '{"a": 1}'), ("c2", "add", '{"a": 2}')]


@pytest.mark.parametrize(
    "sent",
    [
        [call('{"a": 1}', "c1", "add", index=0), call('{"a": 2}', "c2", "add", index=1)],
        [call('{"a": 1}', "c1", "add", index=0), call('{"a": 2}', "c2", "add", index=0)],
        [call('{"a": 1}', "c1", "add", index=None), call('{"a": 2}', "c2", "add", index=None)],
        [call('{"a": 1}', "c1", "add"), call('{"a": 2}', "c2", "add")],
        [call('{"a"', "c1", "add", index=0), call(": 1}", "", "", index=0, type=""), call('{"a": 2}', "c2", "add", index=0)],
        [call('{"a"', "c1", "add"), call(": 1}"), call('{"a"', "c2", "add"), call(": 2}")],
        [call('{"a"', "c1", "add", index=0), call('{"a"', "c2", "add", index=1), call(": 1}", index=0), call(": 2}", index=1)],
        [
            call('{"a"', "c1", "add", index=0),
            call('{"a"', "c2", "add", index=0),
            call(": 1}", "c1", index=0),
            call(": 2}", "c2"),
        ],
    ],
    ids=["by index", "one index", "null", "no index", "empty id", "parts without index", "interleaved", "interleaved ids"],
)
def test_an_id_that_is_new_begins_a_tool_call(sent: list[dict[str, Any]]) -> None:
    calls = read(*(delta(tool_calls=[each]) for each in sent), DONE).result().details[0].message.tool_calls
    assert [(each["id"], each["function"]["name"], each["function"]["arguments"]) for each in calls] == TWO
    assert {each["type"] for each in calls} == {"function"}


def test_a_delta_without_an_id_or_a_name_goes_on_with_the_last_call() -> None:
    sent = [call("", "c1", "add"), call('{"a": 1}', index=0), call("", "c2", "add"), call('{"a": 2}', index=0)]
    calls = read(*(delta(tool_calls=[each]) for each in sent), DONE).result().details[0].message.tool_calls
    assert [(each["id"], each["function"]["name"], each["function"]["arguments"]) for each in calls] == TWO


@pytest.mark.parametrize("odd", [[], {}, 1.5, True, "0", "[" * 1100 + "]" * 1100])
@pytest.mark.parametrize("field", ["id", "index", "type"])
def test_odd_fields_of_a_tool_call_cost_no_arguments(field: str, odd: Any) -> None:
    one = b'{"%s": %s, "function": {"name": "add", "arguments": "{}"}}' % (
        field.encode(),
        odd.encode() if isinstance(odd, str) else msgspec.json.encode(odd),
    )
    sent = event(b'{"choices": [{"delta": {"tool_calls": [%s]}}]}' % one)
    calls = read(sent, DONE).result().details[0].message.tool_calls
    assert [each["function"] for each in calls] == [{"name": "add", "arguments": "{}"}]


def test_calls_without_ids_are_told_apart_by_their_functions() -> None:
    sent = [call("", None, "add"), call('{"a": 1}'), call('{"a": 2}', None, "add"), call("{}", None, "sub")]
    calls = read(*(delta(tool_calls=[each]) for each in sent), DONE).result().details[0].message.tool_calls
    assert [(each["function"]["name"], each["function"]["arguments"]) for each in calls] == [
        ("add", '{"a": 1}'),
        ("add", '{"a": 2}'),
        ("sub", "{}"),
    ]


def test_one_tool_call_may_come_without_a_list_or_as_a_function_call() -> None:
    one = call("{}", "c1", "add")
    assert [chunk.tool_calls for chunk in read(delta(tool_calls=one), DONE).ready] == [[one]]
    older = read(delta(function_call={"name": "add", "arguments": "{}"}), DONE).result().details[0].message.tool_calls
    assert older == [{"type": "function", "function": {"name": "add", "arguments": "{}"}}]


# --- Ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["SUCCESS", "COMPLETED", "success", "completed"])
def test_a_status_of_success_ends_a_stream_and_is_kept(word: str) -> None:
    decoder = read(event({"data": "a"}), event({"status": word}))
    decoder.raise_for_end()
    assert (decoder.status, decoder.result().status, decoder.result().data) == ("SUCCESS", word, "a")


def test_an_unknown_status_ends_a_stream_where_it_is_completed() -> None:
    read(event({"data": "a"}), event({"status": "DONE_WELL", "completed": True})).raise_for_end()
    with pytest.raises(IncompleteStreamError):
        read(event({"data": "a"}), event({"status": "DONE_WELL"})).raise_for_end()


FAILURES = [
    event({"error": "no memory"}),
    event({"error": {"message": "no memory", "code": 500}}),
    event({"error": {"error": {"message": "no memory"}}}),
    event({"object": "error", "message": "no memory"}),
    event({"detail": "no memory"}),
    event({"detail": [{"loc": ["body"], "message": "no memory"}]}),
    event({"errorMessage": "no memory"}),
    event({"status": "FAILED", "supplierError": "no memory"}),
    event({"status": "failed", "message": "no memory"}),
    event({"status": "ABORTED", "completed": True, "errorMessage": "no memory"}),
    event({"status": "FAILED", "errorMessage": "no memory", "choices": [{"delta": {"content": ""}}]}),
    event({"choices": [{"delta": {}, "finish_reason": "error"}], "message": "no memory"}),
    event({"data": "", "errorMessage": "no memory"}),
    event({"data": None, "supplierError": {"message": "no memory"}}),
    event({"choices": [], "errorMessage": "no memory"}),
    event({"choices": [{"delta": {}, "finish_reason": "ERROR", "error": {"message": "no memory"}}]}),
    event({"choices": [{"delta": {"content": ""}, "error": {"message": "no memory"}}]}),
    event({"type": "error", "message": "no memory"}),
    event({"errors": [{"message": "no memory"}]}),
    event({"statusCode": 500, "message": "no memory"}),
    event({"error": {"message": "no memory"}, "x": "[[["}),
    b"event: error\ndata: no memory\n\n",
    b'event: error\ndata: {"message": "no memory"}\n\n',
    b'data: {"message": "no memory"}\nevent:error\n\n',
]


@pytest.mark.parametrize("failure", FAILURES, ids=str)
@pytest.mark.parametrize("together", [True, False], ids=["one packet", "packets"])
def test_a_failure_raises_after_the_chunks_that_came(body: Any, failure: bytes, together: bool) -> None:
    sent = [event({"data": "a"}), failure, DONE]
    stream = ModelResponseStreamer(body(b"".join(sent)) if together else body(*sent))
    assert next(stream).data == "a"
    with pytest.raises(StreamFailedError, match="no memory") as error:
        list(stream)
    assert error.value.partial == "a"
    assert stream.status == "FAILED"


def test_the_text_beside_a_failure_is_not_lost(body: Any) -> None:
    failure = {"status": "FAILED", "errorMessage": "no memory", "choices": [{"delta": {"content": "b"}}]}
    stream = ModelResponseStreamer(body(event({"data": "a"}) + event(failure)))
    assert [next(stream).data, next(stream).data] == ["a", "b"]
    with pytest.raises(StreamFailedError) as error:
        next(stream)
    assert error.value.partial == "ab"


@pytest.mark.parametrize("name", ["error", "errorMessage", "supplierError"])
@pytest.mark.parametrize("shape", [{"data": "b"}, {"choices": [{"delta": {"content": "b"}}]}], ids=["data", "choices"])
@pytest.mark.parametrize("together", [True, False], ids=["one packet", "packets"])
def test_a_failure_beside_text_raises_after_the_text(body: Any, name: str, shape: dict[str, Any], together: bool) -> None:
    sent = [event({"data": "a"}), event(shape | {name: "no memory"}), event({"data": "c"}), DONE]
    stream = ModelResponseStreamer(body(b"".join(sent)) if together else body(*sent))
    assert [next(stream).data, next(stream).data] == ["a", "b"]
    with pytest.raises(StreamFailedError, match="no memory") as error:
        next(stream)
    assert error.value.partial == "ab"


def test_no_failure_shows_the_key(body: Any) -> None:
    stream = ModelResponseStreamer(body(event({"error": "a1b2c3d4e5 is out of credits"})), api_key="a1b2c3d4e5")
    with pytest.raises(StreamFailedError, match="is out of credits") as error:
        next(stream)
    assert "a1b2c3d4e5" not in f"{error.value} {error.value.response_data}"


# --- Sources --------------------------------------------------------------------------------------


class Lines:
    """An answer of another library: lines, and a way to close it."""

    def __init__(self, *lines: str | bytes, failure: Exception | None = None) -> None:
        self._lines, self._failure = lines, failure
        self.closed = False

    def iter_lines(self) -> Any:
        yield from self._lines
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    "lines", [('data: {"data": "é"}', "", "data: [DONE]", ""), ('data: {"data": "é"}'.encode(), b"", b"data: [DONE]")]
)
def test_a_streamer_needs_lines_and_a_way_to_close(lines: tuple[str | bytes, ...]) -> None:
    source = Lines(*lines)
    stream = ModelResponseStreamer(source)
    assert [chunk.data for chunk in stream] == ["é"]
    stream.close()
    assert source.closed


def test_what_another_library_raises_is_a_cut_stream() -> None:
    stream = ModelResponseStreamer(Lines('data: {"data": "a"}', "", failure=RuntimeError("reset")))
    assert next(stream).data == "a"
    with pytest.raises(IncompleteStreamError, match="reset"):
        next(stream)


def test_lines_need_no_blank_lines_between_events() -> None:
    def endless() -> Any:
        yield from ('data: {"data": "a"}', 'data: {"data": "b"}', "data: [DONE]")
        raise AssertionError("read past the end")

    source = Lines()
    source.iter_lines = endless  # type: ignore[method-assign]
    stream = ModelResponseStreamer(source)
    assert next(stream).data == "a"
    assert next(stream).data == "b"
    assert list(stream) == []


def test_a_stand_in_for_a_response_is_read_by_its_lines() -> None:
    import requests

    for stand_in in (Mock(spec=requests.Response), MagicMock()):
        stand_in.iter_lines.return_value = iter([b'data: {"data": "a"}', b"", b"data: [DONE]"])
        assert [chunk.data for chunk in ModelResponseStreamer(stand_in)] == ["a"]
        stand_in.close.assert_called()


def test_a_response_that_was_read_before_is_read_again() -> None:
    import requests

    response = requests.Response()
    response.raw = io.BytesIO(b'data: {"data": "a"}\n\ndata: [DONE]\n\n')
    assert ModelResponseStreamer(response).text() == "a"
    response = requests.Response()
    response.raw = io.BytesIO(b'data: {"data": "a"}\n\ndata: [DONE]\n\n')
    assert response.content
    assert ModelResponseStreamer(response).text() == "a"
