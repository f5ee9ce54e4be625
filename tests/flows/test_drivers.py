"""The two drivers run the same operation the same way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from aixplain.v2._flow import Now, Open, Operation, Request, Response, Sleep, TransportFailure, adrive, drive


class Echo:
    """A blocking transport whose answers name the request, and whose clock counts the sleeps."""

    def __init__(self, failure: BaseException | None = None) -> None:
        self.time = 0.0
        self.failure = failure

    def request(self, request: Request) -> Response:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        return Response(200, {}, f"{request.method} {request.url}".encode())

    stream = request

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def now(self) -> float:
        return self.time

    def close(self) -> None:
        pass


class AsyncEcho(Echo):
    async def request(self, request: Request) -> Response:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().request(request)

    stream = request  # type: ignore[assignment]

    async def sleep(self, seconds: float) -> None:  # type: ignore[override]
        super().sleep(seconds)


Driver = Callable[..., Any]


def blocking(operation: Operation[Any], failure: BaseException | None = None) -> Any:
    return drive(operation, Echo(failure))


def on_asyncio(operation: Operation[Any], failure: BaseException | None = None) -> Any:
    async def main() -> Any:
        return await adrive(operation, AsyncEcho(failure))

    with asyncio.Runner() as runner:
        return runner.run(main())


@pytest.fixture(params=[blocking, on_asyncio])
def driver(request: pytest.FixtureRequest) -> Driver:
    drives: Driver = request.param
    return drives


def asks() -> Operation[bytes]:
    answer = yield Request("GET", "/a")
    return bytes(answer.content)


def test_the_result_is_what_the_operation_returns(driver: Driver) -> None:
    assert driver(asks()) == b"GET /a"


def test_every_step_is_answered_in_its_kind(driver: Driver) -> None:
    def operation() -> Operation[list[Any]]:
        opened = yield Open(Request("POST", "/b"))
        return [(yield Now()), (yield Sleep(2)), (yield Sleep(0.5)), (yield Now()), opened.content]

    assert driver(operation()) == [0, 2, 2.5, 2.5, b"POST /b"]


def test_operations_nest(driver: Driver) -> None:
    def operation() -> Operation[tuple[bytes, bytes]]:
        return (yield from asks()), (yield from asks())

    assert driver(operation()) == (b"GET /a", b"GET /a")


def test_an_operation_without_a_step_has_its_result(driver: Driver) -> None:
    def operation() -> Operation[int]:
        return 7
        yield

    assert driver(operation()) == 7


def test_a_step_that_fails_is_thrown_into_the_operation_which_may_go_on(driver: Driver) -> None:
    def operation() -> Operation[tuple[str, bytes]]:
        try:
            yield Request("GET", "/a")
        except TransportFailure as error:
            return str(error), (yield from asks())
        raise AssertionError("the failure did not arrive")

    assert driver(operation(), TransportFailure("broken")) == ("broken", b"GET /a")


def test_a_failure_that_nobody_catches_reaches_the_caller(driver: Driver) -> None:
    failure = TransportFailure("broken")
    with pytest.raises(TransportFailure) as error:
        driver(asks(), failure)
    assert error.value is failure


def test_an_error_of_the_operation_reaches_the_caller(driver: Driver) -> None:
    def operation() -> Operation[None]:
        yield Now()
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        driver(operation())


def watched(seen: list[str]) -> Operation[bytes]:
    try:
        return (yield from asks())
    except Exception:
        seen.append("taken for an error")
        raise
    finally:
        seen.append("cleaned up")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, TransportFailure])
def test_whatever_ends_a_step_the_operation_cleans_up(driver: Driver, interruption: type[BaseException]) -> None:
    seen: list[str] = []
    operation = watched(seen)
    with pytest.raises(interruption):
        driver(operation, interruption("stop"))
    assert seen[-1] == "cleaned up"
    assert seen.count("taken for an error") == issubclass(interruption, Exception)
    assert operation.gi_frame is None  # type: ignore[attr-defined]


def test_an_operation_may_still_take_steps_while_it_cleans_up(driver: Driver) -> None:
    said: list[bytes] = []

    def operation() -> Operation[None]:
        try:
            yield Request("GET", "/a")
        finally:
            said.append((yield Request("POST", "/cancel")).content)

    with pytest.raises(KeyboardInterrupt):
        driver(operation(), KeyboardInterrupt())
    assert said == [b"POST /cancel"]


def test_a_cancelled_task_cleans_up_and_stays_cancelled() -> None:
    seen: list[str] = []

    class Hanging(AsyncEcho):
        def __init__(self, asked: asyncio.Event) -> None:
            super().__init__()
            self.asked = asked

        async def request(self, request: Request) -> Response:  # type: ignore[override]
            self.asked.set()
            await asyncio.Event().wait()
            raise AssertionError("nobody sets this event")

    async def main() -> bool:
        asked = asyncio.Event()
        task = asyncio.ensure_future(adrive(watched(seen), Hanging(asked)))
        await asked.wait()
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    with asyncio.Runner() as runner:
        assert runner.run(main())
    assert seen == ["cleaned up"]


def test_an_operation_needs_no_driver() -> None:
    operation = asks()
    step = next(operation)
    assert (step.method, step.url) == ("GET", "/a")  # type: ignore[attr-defined]
    with pytest.raises(StopIteration) as end:
        operation.send(Response(200, {}, b"by hand"))
    assert end.value.value == b"by hand"
