"""Odd JSON in every answer of a service: it costs no result and no other error than one of the package."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.conftest import Awaited

from aixplain import Aixplain, AixplainV2Error, APIError, AsyncAixplain
from aixplain.v2.model import Model
from aixplain.v2.transport import AsyncClock, Clock, Request, Response

BASE = "http://127.0.0.1:1"
POLL = f"{BASE}/sdk/runs/7/result"
MODEL = {"id": "m", "name": "M", "connectionType": ["synchronous"], "params": [{"name": "text"}]}
ODD: dict[str, bytes] = {
    "half of a surrogate pair": rb'"a\ud83d"',
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "5,000 digits": b"7" * 5000,
    "1,100 lists": b"[" * 1100 + b"]" * 1100,
    "1,100 objects": b'{"a":' * 1100 + b"1" + b"}" * 1100,
    "bytes that are not UTF-8": b'"\xff"',
    "null": b"null",
    "a list": b"[]",
    "an address that is none": b'"http://[::1"',
}


class Canned(Clock):
    """Answers each request with the same body. A blocking transport."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.body, self.status = body, status

    def request(self, request: Request) -> Response:
        return Response(self.status, {}, self.body)

    def stream(self, request: Request) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        pass


class AsyncCanned(AsyncClock):
    """The same for asyncio."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self.canned = Canned(body, status)

    async def request(self, request: Request) -> Response:
        return self.canned.request(request)

    async def stream(self, request: Request) -> Any:
        raise NotImplementedError

    async def close(self) -> None:
        pass


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """A client of a service that answers with one body, blocking and on asyncio."""
    if request.param == "sync":
        yield lambda *told: Aixplain("k", BASE, transport=Canned(*told))
        return
    with asyncio.Runner() as runner:
        yield lambda *told: Awaited(AsyncAixplain("k", BASE, transport=AsyncCanned(*told)), runner)


def with_odd(told: dict[str, Any], key: str, odd: bytes) -> bytes:
    plain = msgspec.json.encode({name: value for name, value in told.items() if name != key})
    return plain[:-1] + (b"," if len(plain) > 2 else b"") + b'"%s":%s}' % (key.encode(), odd)


def model_of(aix: Any) -> Any:
    return aix.Model.from_dict(MODEL)


each_odd = pytest.mark.parametrize("odd", ODD)
each_mark = pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])


@each_mark
@each_odd
@pytest.mark.parametrize("key", ["data", "details", "usage", "runTime", "new"])
def test_an_odd_value_costs_no_result(client: Any, key: str, odd: str, mark: bytes) -> None:
    told = {"status": "SUCCESS", "completed": True, "data": "hi", "runTime": 2.0}
    aix = client(mark + with_odd(told, key, ODD[odd]))
    for result in (model_of(aix).run(text="x"), model_of(aix).poll(POLL), model_of(aix).sync_poll(POLL)):
        assert (result.status, result.completed, result.failed) == ("SUCCESS", True, False)
        assert key == "data" or result.data == "hi"
        assert key == "runTime" or result.run_time == 2.0
        assert result.to_dict()["status"] == "SUCCESS"
        assert "ModelResult" in repr(result)
        assert isinstance(result._repr_html_(), str)
        assert (result.details, result.usage) is not None


@each_odd
@pytest.mark.parametrize("key", ["supplierError", "data", "requestId"])
@pytest.mark.parametrize("status", [200, 422])
def test_an_odd_value_costs_no_error_its_words(client: Any, key: str, odd: str, status: int) -> None:
    told = {"status": "FAILED", "completed": True, "message": "no room"}
    aix = client(with_odd(told, key, ODD[odd]), status)
    with pytest.raises(APIError, match="no room") as error:
        model_of(aix).run(text="x")
    assert "no room" in error.value.error
    assert error.value.response_data is not None


@each_odd
@pytest.mark.parametrize("key", ["description", "vendor", "function", "params", "attributes"])
def test_an_odd_value_costs_no_model(client: Any, key: str, odd: str) -> None:
    record = with_odd(MODEL, key, ODD[odd])
    pages = [list(client(b'{"results":[%s,%s]}' % (record, msgspec.json.encode({"id": "b"}))).Model.search())]
    for model in (client(record).Model.get("m"), pages[0][0]):
        assert (model.id, model.name) == ("m", "M")
        assert isinstance(model._repr_html_(), str)
        assert model.as_tool()["id"] == "m"
        assert set(model.inputs.copy()) <= {"text"}
        assert model.to_dict()["id"] == "m"
    assert pages[0][1].id == "b"


@each_mark
@pytest.mark.parametrize("odd", sorted(set(ODD) - {"1,100 objects"}))
def test_an_answer_that_is_odd_as_a_whole_is_an_error_of_ours(client: Any, odd: str, mark: bytes) -> None:
    for status in (200, 422):
        aix = client(mark + ODD[odd], status)
        model = model_of(aix)
        calls: list[Callable[[], Any]] = [
            lambda model=model: model.run(text="x"),
            lambda model=model: model.run_async(text="x"),
            lambda model=model: model.poll(POLL),
            lambda aix=aix: aix.Model.get("m"),
            lambda aix=aix: aix.Model.search("x"),
        ]
        for call in calls:
            with pytest.raises(AixplainV2Error):
                call()


def test_a_model_with_an_odd_function_has_none() -> None:
    assert Model.from_dict({"id": "m", "function": [["x"]]}).function is None
    assert Model.from_dict({"id": "m", "function": {"id": ["x"]}}).to_dict() == {"id": "m", "function": {"id": ["x"]}}
