"""A scripted world for operations: prepared answers, recorded requests, and a clock that only steps move."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any

import pytest

from aixplain.v2._files.disk import Pour, Work
from aixplain.v2._flow import Now, Open, Operation, Request, Response, Sleep, Step, TransportTimeout
from aixplain.v2._settings import Settings, resolve


class World:
    """Answers requests from a script, in order; what is `then` answers all that come after.

    An answer is a `Response`, a stream, an error to raise, `World.hang`, or `(seconds, answer)` for one that takes its time.
    """

    hang = object()

    def __init__(self, *answers: Any, then: Any = None) -> None:
        self.answers = deque(answers)
        self.then = then
        self.requests: list[Request] = []
        self.slept: list[float] = []
        self.interruption: BaseException | None = None
        """Raised by the next wait, as Ctrl-C does."""
        self.time = 1000.0

    def play(self, operation: Operation[Any]) -> Any:
        """Run an operation to its end, with `send` and `throw` alone."""
        answer: Any = None
        failure: BaseException | None = None
        while True:
            try:
                step = operation.send(answer) if failure is None else operation.throw(failure)
            except StopIteration as end:
                return end.value
            answer = failure = None
            try:
                answer = self.perform(step)
            except BaseException as error:  # noqa: BLE001 - it belongs to the operation
                failure = error

    def perform(self, step: Step) -> Any:
        if isinstance(step, Now):
            return self.time
        if isinstance(step, Sleep):
            self.sleep(step.seconds)
            return self.time
        if isinstance(step, Work | Pour):
            return step.perform(self)
        assert isinstance(step, Request | Open)
        return self.request(step.request if isinstance(step, Open) else step)

    def request(self, request: Request) -> Any:
        self.requests.append(copy(request))  # as it is now: a retry may reuse the object
        assert self.answers or self.then is not None, f"nothing is prepared for {request.method} {request.url}"
        answer = self.answers.popleft() if self.answers else self.then
        if isinstance(answer, tuple):
            seconds, answer = answer
            self.time += seconds
        if answer is World.hang:
            assert request.timeout is not None, "this request would hang for ever"
            self.time += request.timeout
            raise TransportTimeout("the service did not answer in time")
        if isinstance(answer, Exception):
            raise answer
        return answer

    stream = request

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        if self.interruption is not None:
            interruption, self.interruption = self.interruption, None
            raise interruption
        self.slept.append(seconds)
        self.time += seconds

    def now(self) -> float:
        return self.time

    def close(self) -> None:
        pass

    @property
    def urls(self) -> list[str]:
        """Where requests went."""
        return [request.url for request in self.requests]


class Body:
    """The open body of an answer: pieces, and perhaps an error where it breaks."""

    def __init__(self, *pieces: bytes | Exception, headers: dict[str, str] | None = None) -> None:
        self.headers = {"content-type": "text/event-stream"} if headers is None else headers
        self.closed = 0
        self._pieces: Iterable[Any] = iter(pieces)

    def read(self) -> bytes | None:
        piece = next(iter(self._pieces), None)
        if isinstance(piece, Exception):
            raise piece
        return piece

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def world() -> type[World]:
    """`world(answer, …)` makes a scripted world."""
    return World


@pytest.fixture
def body() -> type[Body]:
    """`body(b"…", …)` makes the body of a streamed answer."""
    return Body


@pytest.fixture
def settings() -> Settings:
    """A client of a hub on this machine, with a key."""
    return resolve("the-key", "http://127.0.0.1:8180")


@pytest.fixture
def answer() -> Callable[..., Response]:
    """`answer(503, {"message": …}, retry_after="1")` makes a response; the body is JSON, or bytes as they are."""
    import msgspec

    def make(status: int = 200, content: Any = None, /, **headers: str) -> Response:
        raw = content if isinstance(content, bytes) else msgspec.json.encode({} if content is None else content)
        return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)

    return make
