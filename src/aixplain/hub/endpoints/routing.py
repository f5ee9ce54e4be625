"""Routes whose handlers raise to the reception: Starlette would catch and raise again in between, at each request's cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import starlette.routing
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope, Send


class Route(starlette.routing.Route):
    """An address, and what answers there."""

    def __init__(self, path: str, answer: Callable[[Request], Awaitable[Response]], methods: Sequence[str] = ("GET",)) -> None:
        super().__init__(path, _Answering(answer), methods=list(methods))
        self._beginning = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this address. Most are not, which its beginning tells sooner than the whole of it."""
        if not scope["path"].startswith(self._beginning) and not scope.get("root_path"):
            return Match.NONE, {}
        return super().matches(scope)


class _Answering:
    """A handler as an application."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)
