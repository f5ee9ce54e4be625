"""What a run answers, as a record: nothing of it is lost, however odd it is, and it goes anywhere and comes back."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aixplain.v2 import exceptions
from aixplain.v2._streams.chunks import ChunkDecoder
from aixplain.v2.enums import ResponseStatus
from aixplain.v2.exceptions import AixplainV2Error, InvalidResponseError
from aixplain.v2.model import Detail, Message, ModelResult, Page, StreamChunk, Usage
from aixplain.v2.resource import AsyncPage

DETAIL = {
    "index": 0,
    "message": {"role": "assistant", "content": "hi", "refusal": None, "annotations": [], "audio": {"id": "a1"}},
    "logprobs": None,
    "finish_reason": "stop",
    "content_filter_results": {"hate": False},
}
ANSWER = {
    "status": "SUCCESS",
    "completed": True,
    "data": "hi",
    "details": [DETAIL],
    "runTime": 0.5,
    "usedCredits": 0.01,
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}},
    "asset": {"assetId": "x", "id": "openai/gpt-4o/openai"},
    "requestId": "r1",
    "rawData": {"model": "gpt"},
}


def answer(**changed: Any) -> ModelResult:
    """The result in an answer with these keys changed."""
    return ModelResult.from_body(msgspec.json.encode({**ANSWER, **changed}))


def holds(written: Any, told: Any) -> bool:
    """Whether all that was told is written; beside it there may be keys that are null."""
    if isinstance(told, dict):
        return all(holds(written[key], value) for key, value in told.items())
    if isinstance(told, list):
        return len(written) == len(told) and all(map(holds, written, told))
    return bool(written == told)


COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    lambda record: pickle.loads(pickle.dumps(record)),
    lambda record: type(record).from_dict(record.to_dict()),
    lambda record: type(record).from_json(record.to_json()),
]
each_copy = pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "pickle", "to_dict", "to_json"])


# --- An ordinary answer ---------------------------------------------------------------------------


def test_an_answer_is_read_into_fields() -> None:
    result = answer()
    assert (result.status, result.completed, result.data) == ("SUCCESS", True, "hi")
    assert (result.run_time, result.used_credits, result.request_id) == (0.5, 0.01, "r1")
    assert result.usage == Usage(1, 2, 3)
    assert result.details == [Detail(0, Message("assistant", "hi"), None, "stop")]
    assert not result.failed
    assert not result.in_progress


def test_keys_that_no_field_holds_read_as_attributes() -> None:
    result = answer()
    assert result.asset["assetId"] == "x"
    assert result.rawData == result.raw_data == {"model": "gpt"}
    assert result.requestId == result.request_id == "r1"
    assert result._raw_data == ANSWER


def test_further_keys_inside_read_as_attributes_too() -> None:
    result = answer()
    assert result.usage is not None
    assert isinstance(result.details, list)
    assert result.usage.prompt_tokens_details == {"cached_tokens": 1}
    assert result.details[0].content_filter_results == {"hate": False}
    assert result.details[0].message.audio == {"id": "a1"}


def test_a_key_that_nobody_told_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'ModelResult' has no attribute 'assets', and the answer has no such key"):
        _ = answer().assets


def test_an_answer_is_written_as_it_came() -> None:
    written = answer().to_dict()
    assert holds(written, ANSWER)
    assert json.loads(answer().to_json()) == written


@each_copy
def test_a_copy_of_an_answer_is_whole(copied: Callable[[Any], Any]) -> None:
    twin = copied(answer())
    assert twin == answer()
    assert (twin.asset, twin.usage.prompt_tokens_details) == (ANSWER["asset"], {"cached_tokens": 1})
    assert twin.details[0].message.audio == {"id": "a1"}
    assert twin.to_dict() == answer().to_dict()


@each_copy
@pytest.mark.parametrize(
    "record",
    [
        ModelResult("SUCCESS", True, data={"a": [1]}, details=[Detail(0, Message("assistant", "hi"))], usage=Usage(1, 2, 3)),
        ModelResult("IN_PROGRESS", False, data="http://127.0.0.1/sdk/runs/x/result", progress=0.5),
        ModelResult("FAILED", True, error_message="no", supplier_error={"code": 7}, status_code=485),
        ModelResult(),
        StreamChunk(ResponseStatus.SUCCESS, "tok", [{"index": 0}], "because", Usage(1, 2, 3), "stop"),
        StreamChunk("IN_PROGRESS", ""),
    ],
    ids=lambda record: f"{type(record).__name__}-{record.status}",
)
def test_a_record_made_by_hand_goes_anywhere_and_comes_back(record: Any, copied: Callable[[Any], Any]) -> None:
    assert copied(record) == record


def test_a_deep_copy_shares_nothing_with_its_original() -> None:
    result = answer(data={"a": [1]})
    copy.deepcopy(result).data["a"].append(2)
    assert result.data == {"a": [1]}


def test_results_are_equal_when_their_fields_are_read_or_not() -> None:
    unread, read = answer(), answer()
    assert read.usage is not None
    assert read.details
    assert unread == read
    assert unread != answer(data="ho")
    assert unread != answer(usage=None)


def test_a_result_shows_all_that_it_has() -> None:
    shown = repr(answer())
    assert "data='hi'" in shown
    assert "Usage(prompt_tokens=1" in shown
    assert "content='hi'" in shown


def test_what_was_changed_since_is_what_is_written() -> None:
    result = answer()
    result.usage, result.data = None, "ho"
    written = result.to_dict()
    assert (written["usage"], written["data"]) == (None, "ho")
    assert holds(written["details"], [DETAIL])


# --- Odd answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [0, 0.0, "", [], {}, False, None])
def test_an_empty_result_is_a_result(data: Any) -> None:
    result = answer(data=data)
    assert (result.data, type(result.data)) == (data, type(data))
    assert result.to_dict()["data"] == data


@pytest.mark.parametrize(
    ("told", "tokens"),
    [
        ({"total_tokens": 3}, (None, None, 3)),
        ({"prompt_tokens": "1", "completion_tokens": "2", "total_tokens": "3"}, (1, 2, 3)),
        ({"prompt_tokens": "NaN", "completion_tokens": None, "total_tokens": 0}, (None, None, 0)),
        ({"prompt_tokens": 1.0, "completion_tokens": "2.0", "total_tokens": "many"}, (1, 2, None)),
        ({"prompt_tokens": {"text": 1}, "completion_tokens": [2], "total_tokens": True}, (None, None, None)),
        ({}, (None, None, None)),
    ],
)
def test_a_usage_is_read_as_far_as_it_goes(told: Any, tokens: tuple[int | None, ...]) -> None:
    usage = answer(usage=told).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == tokens


@pytest.mark.parametrize("told", [None, "n/a", 7, [], [1], True])
def test_a_usage_that_is_none_stays_in_the_data(told: Any) -> None:
    result = answer(usage=told)
    assert (result.usage, result._raw_data["usage"], result.to_dict()["usage"]) == (None, told, told)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"label": "x", "score": 0.5}, {"label": "x", "score": 0.5}),
        ([], []),
        (None, None),
        ("text", None),
        (7, None),
        (["a", "b"], []),
        ([None, {"index": 1, "message": None}, 7], [Detail(1)]),
        ([{"index": "first", "message": {"role": 7, "content": "hi"}}], [Detail(0, Message("", "hi"))]),
        ([{"message": "hi"}], [Detail()]),
        ([{"label": "x"}], [Detail()]),
    ],
)
def test_details_of_any_shape_are_read_as_far_as_they_go(told: Any, read: Any) -> None:
    result = answer(details=told)
    assert result.details == read
    assert result._raw_data["details"] == told


def test_details_of_another_kind_of_model_read_as_attributes() -> None:
    details = answer(details=[{"label": "x", "score": 0.5}, {"label": "y"}]).details
    assert isinstance(details, list)
    assert [each.label for each in details] == ["x", "y"]
    assert details[0].score == 0.5


@pytest.mark.parametrize(
    ("told", "field", "value"),
    [
        ({"runTime": "0.5"}, "run_time", 0.5),
        ({"runTime": "fast"}, "run_time", None),
        ({"usedCredits": "NaN"}, "used_credits", None),
        ({"statusCode": "404"}, "status_code", 404),
        ({"status": None}, "status", ""),
        ({"status": 7}, "status", ""),
        ({"requestId": 7}, "request_id", None),
        ({"url": {}}, "url", None),
        ({"progress": "half"}, "progress", None),
        ({"completed": "yes"}, "completed", True),
    ],
)
def test_one_odd_value_costs_nothing_but_itself(told: dict[str, Any], field: str, value: Any) -> None:
    result = answer(**told)
    assert getattr(result, field) == value
    assert (result.data, result.usage, result.asset["assetId"]) == ("hi", Usage(1, 2, 3), "x")
    assert result._raw_data == {**ANSWER, **told}


def test_the_nan_of_python_s_services_is_read() -> None:
    result = ModelResult.from_body(b'{"status": "SUCCESS", "data": [NaN, 1], "usedCredits": NaN, "asset": 1}')
    assert (result.data[1], result.used_credits, result.asset) == (1, None, 1)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'"x"', b"7", b"{", b'{"data": "\xff', b"NaN", b"{NaN}", b"\xff\xfe"]
)
def test_what_is_no_object_of_json_is_no_answer(body: bytes) -> None:
    with pytest.raises(InvalidResponseError, match="is no result"):
        ModelResult.from_body(body)


@pytest.mark.parametrize(
    ("told", "completed", "url"),
    [
        ({"status": "IN_PROGRESS", "data": "http://127.0.0.1/x"}, False, "http://127.0.0.1/x"),
        ({"status": "IN_PROGRESS", "completed": True, "data": "http://127.0.0.1/x"}, False, "http://127.0.0.1/x"),
        ({"status": "IN_PROGRESS", "data": None}, False, None),
        ({"status": "SUCCESS", "completed": False, "data": "http://127.0.0.1/media.mp3"}, True, None),
        ({"status": "ABORTED", "completed": None}, True, None),
        ({"status": "CANCELED"}, True, None),
        ({"status": "FAILED", "completed": False}, True, None),
        ({"status": "QUEUED", "completed": False}, False, None),
        ({"status": "PARTIAL", "completed": True}, True, None),
        ({"status": "COMPLETED"}, True, None),
        ({"status": "success", "completed": False}, True, None),
        ({"status": "canceled"}, True, None),
        ({"status": "in_progress", "completed": True, "data": "http://127.0.0.1/x"}, False, "http://127.0.0.1/x"),
    ],
)
def test_a_run_is_over_when_its_status_says_so(told: dict[str, Any], completed: bool, url: str | None) -> None:
    result = ModelResult.from_body(msgspec.json.encode(told))
    assert (result.completed, result.url) == (completed, url)
    assert result.status == told["status"]  # an unknown one as it came


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
answers = st.fixed_dictionaries({}, optional=dict.fromkeys(ANSWER, json_values)) | st.dictionaries(
    st.sampled_from([*ANSWER, "errorMessage", "url", "new"]) | st.text(max_size=8), json_values, max_size=8
)


@given(answers)
def test_no_answer_breaks_a_result_or_loses_anything(told: dict[str, Any]) -> None:
    result = ModelResult.from_body(msgspec.json.encode(told))
    assert result._raw_data == told
    assert set(told) <= set(result.to_dict())
    assert ModelResult.from_dict(result.to_dict()) == result
    assert pickle.loads(pickle.dumps(result)) == result
    assert repr(result).startswith("ModelResult(")


# --- Pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Page, AsyncPage])
@pytest.mark.parametrize("copied", COPIES[:3], ids=["copy", "deepcopy", "pickle"])
def test_a_page_goes_anywhere_and_comes_back(kind: Any, copied: Callable[[Any], Any]) -> None:
    page = kind([Usage(1, 2, 3)], page_number=2, page_total=4, total=61, unread=[None])
    twin = copied(page)
    assert twin == page
    assert (twin.results, twin.total, twin.skipped, twin.has_next) == ([Usage(1, 2, 3)], 61, 1, True)


def test_pages_of_other_records_are_not_equal() -> None:
    assert Page([1]) != Page([2])
    assert Page([1]) != AsyncPage([1])
    assert Page([1]) != [1]


# --- Errors ---------------------------------------------------------------------------------------


def kinds_of(error: type[AixplainV2Error]) -> Iterator[type[AixplainV2Error]]:
    yield error
    for kind in error.__subclasses__():
        yield from kinds_of(kind)


KINDS = {kind for kind in kinds_of(AixplainV2Error) if kind.__module__ == exceptions.__name__}
ERRORS: list[AixplainV2Error] = [
    *(kind("what happened") for kind in sorted(KINDS, key=lambda kind: kind.__name__)),
    exceptions.ValidationError(["one", "two"]),
    exceptions.InputError("wrong", {"problems": ["wrong"]}),
    exceptions.UnexpectedDataError("no Person", {"name": 7}),
    exceptions.APIError("unknown", 404, {"requestId": "r"}, "Not Found"),
    exceptions.TimeoutError("late", poll_url="http://127.0.0.1/x"),
    exceptions.IncompleteStreamError("cut", "what came"),
    exceptions.StreamFailedError("failed", "what came", {"statusCode": 485}),
    exceptions.StreamTimeoutError("late", "what came"),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("copied", COPIES[:3], ids=["copy", "deepcopy", "pickle"])
def test_an_error_goes_to_another_process_with_all_that_it_knows(error: Any, copied: Callable[[Any], Any]) -> None:
    error.attempts = (exceptions.Attempt(0.1, 503, "busy"), exceptions.Attempt(0.5, None, "lost"))
    error.curl = "curl http://127.0.0.1"
    twin = copied(error)
    assert type(twin) is type(error)
    assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))


# --- Streams --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        {"choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}]},
        {"choices": []},
        {"data": "hi"},
        {"choices": [{"delta": {"content": 7}}]},
        {"data": "hi", "tool_calls": "odd"},
    ],
    ids=str,
)
def test_the_usage_of_a_stream_has_its_further_keys(event: dict[str, Any]) -> None:
    usage = {"total_tokens": "3", "prompt_tokens_details": {"cached_tokens": 1}}
    decoder = ChunkDecoder()
    decoder.feed(b"data: " + msgspec.json.encode({**event, "usage": usage}) + b"\n\ndata: [DONE]\n\n")
    (chunk,) = decoder.ready
    assert chunk.usage is not None
    assert (chunk.usage.total_tokens, chunk.usage.prompt_tokens_details) == (3, {"cached_tokens": 1})
    whole = decoder.result().usage
    assert whole is not None
    assert whole.prompt_tokens_details == {"cached_tokens": 1}


# --- Kept for later -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "result",
    [
        answer(),
        answer(usedCredits="odd", usage=7),
        ModelResult.from_body(b'{"status": "SUCCESS", "usedCredits": NaN}'),
        ModelResult("SUCCESS", True, data=[1], usage=Usage(1, 2, 3)),
    ],
    ids=["ordinary", "odd", "NaN", "by hand"],
)
def test_what_a_result_was_told_is_read_as_the_same_result(result: ModelResult) -> None:
    assert ModelResult.from_body(msgspec.json.encode(result._raw_data)) == result
    assert ModelResult.from_dict(result._raw_data) == result
