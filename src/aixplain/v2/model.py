"""The model resource: find a model, set its inputs, run it, stream it.

Every name of the reference of `aixplain.v2.model` is here. `Model` blocks and `AsyncModel` is awaited; otherwise
they are the same, as a test holds: each method prepares an operation, and a driver of one colour runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Self, TypeVar, Unpack, cast, overload

from aixplain.v2 import _operations as operations
from aixplain.v2 import enums
from aixplain.v2._flow import AsyncStream, Operation, Stream, adrive, drive
from aixplain.v2._inputs import InputsProxy
from aixplain.v2._model_base import ModelBase, find_function_by_id, find_supplier_by_id
from aixplain.v2._progress import watched
from aixplain.v2._records import (
    Attribute,
    Detail,
    Message,
    ModelResult,
    Parameter,
    Pricing,
    StreamChunk,
    Usage,
    VendorInfo,
    Version,
)
from aixplain.v2._search import ModelSearchParams, SearchCall
from aixplain.v2._stream import AsyncModelResponseStreamer, ModelResponseStreamer
from aixplain.v2.enums import AssetStatus, ResponseStatus
from aixplain.v2.exceptions import ValidationError
from aixplain.v2.mixins import ToolableMixin, ToolDict
from aixplain.v2.resource import (
    AsyncPage,
    BaseGetParams,
    BaseResource,
    BaseRunParams,
    BaseSearchParams,
    GetResourceMixin,
    Page,
    Result,
    RunnableResourceMixin,
    SearchResourceMixin,
)

if TYPE_CHECKING:
    from aixplain.v2.core import Aixplain, AsyncAixplain
    from aixplain.v2.enums import Function, Language, Supplier

__all__ = [
    "AssetStatus",
    "AsyncModel",
    "AsyncModelResponseStreamer",
    "AsyncPage",
    "Attribute",
    "BaseGetParams",
    "BaseResource",
    "BaseRunParams",
    "BaseSearchParams",
    "Detail",
    "Function",
    "GetResourceMixin",
    "InputsProxy",
    "Language",
    "Message",
    "Model",
    "ModelResponseStreamer",
    "ModelResult",
    "ModelRunParams",
    "ModelSearchParams",
    "Page",
    "Parameter",
    "Pricing",
    "ResponseStatus",
    "Result",
    "RunnableResourceMixin",
    "SearchResourceMixin",
    "StreamChunk",
    "Supplier",
    "ToolDict",
    "ToolableMixin",
    "Usage",
    "ValidationError",
    "VendorInfo",
    "Version",
    "find_function_by_id",
    "find_supplier_by_id",
]

T = TypeVar("T")
OnProgress = Callable[[ModelResult], None]


class ModelRunParams(BaseRunParams):
    """What steers a run. `stream=True` gives a streamer; the model must support it."""

    stream: NotRequired[bool]


class Model(ModelBase, rename="camel", dict=True, weakref=True, kw_only=True):
    """A model, blocking. Get one from a client: `Aixplain().Model.get("openai/gpt-4o")`."""

    @classmethod
    def _drive(cls, operation: Operation[T]) -> T:
        return drive(operation, cast("Aixplain", cls._client())._transport)

    @classmethod
    def get(cls, id: str, **kwargs: Unpack[BaseGetParams]) -> Self:
        """The model of this id or path. Raises `APIError` (404) when there is none.

        `host` narrows a path that several hosts serve.
        """
        return cls._from_answer(cls._drive(cls._get_call(id, dict(kwargs))))

    @classmethod
    def search(cls, query: str | None = None, **kwargs: Unpack[ModelSearchParams]) -> Page[Self]:
        """One page of the models that match; `page.next()` gives the one after it, `page.all()` walks all of them.

        Raises `ValueError` for a name that is no filter, with the nearest one.
        """
        return cls._page(cls._search_call(query, dict(kwargs)))

    @classmethod
    def _page(cls, call: SearchCall) -> Page[Self]:
        body = cls._drive(cls._search_operation(call))
        return Page.of(cls._page_parts(body), lambda number: cls._page(call.at_page(number)))

    @overload
    def run(self, *, stream: Literal[True], **inputs: Any) -> ModelResponseStreamer: ...
    @overload
    def run(
        self,
        *,
        timeout: float = ...,
        wait_time: float | None = ...,
        stream: Literal[False] = ...,
        api_key: str | None = ...,
        on_progress: OnProgress | None = ...,
        show_progress: bool = ...,
        cancel_on_interrupt: bool = ...,
        run_retries: int = ...,
        run_retry_wait: float = ...,
        **inputs: Any,
    ) -> ModelResult: ...
    @overload
    def run(self, *, stream: bool, **inputs: Any) -> ModelResult | ModelResponseStreamer: ...
    def run(
        self,
        *,
        timeout: float = operations.RUN_TIMEOUT,
        wait_time: float | None = None,
        stream: bool = False,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        show_progress: bool = False,
        cancel_on_interrupt: bool = False,
        run_retries: int = 0,
        run_retry_wait: float = 1.0,
        **inputs: Any,
    ) -> ModelResult | ModelResponseStreamer:
        """Run the model with these inputs and give its result.

        `timeout` is one deadline in seconds over the requests, the waits and the polls; `wait_time` the seconds between
        polls, by default a tenth of the time gone by. `on_progress` is called with each answer of a run that goes on, and
        `show_progress` draws a bar. `cancel_on_interrupt` cancels the run when Ctrl-C stops the call. A run that the service
        failed is run again up to `run_retries` times, `run_retry_wait` seconds apart; each may cost credits.

        Raises `ValueError` before anything is sent, `APIError` when the run failed, `TimeoutError` at the deadline.
        """
        if stream:
            return self.run_stream(timeout=timeout, api_key=api_key, **inputs)
        controls = operations.Run(
            "", {}, timeout, wait_time, api_key, on_progress, cancel_on_interrupt, run_retries, run_retry_wait
        )
        run = self._prepare(inputs, controls)
        if not show_progress:
            return self._drive(operations.run(self._settings(), run))
        with watched(self.name or "run", run):
            return self._drive(operations.run(self._settings(), run))

    def run_async(self, *, timeout: float = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any) -> ModelResult:
        """Start a run and return at once; `model.poll(result.url)` asks after it, `sync_poll` waits for it."""
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        return self._drive(operations.submit(self._settings(), run, sync_only=self.is_sync_only))

    def run_stream(
        self, *, timeout: float = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> ModelResponseStreamer:
        """Run the model and give its answer in pieces as they come.

        Raises `ValidationError` when the model doesn't support it.
        """
        self._ensure_streams()
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        return ModelResponseStreamer(cast(Stream, self._drive(operations.stream(self._settings(), run))))

    def poll(self, poll_url: str, *, api_key: str | None = None) -> ModelResult:
        """Ask once after a run, by its address or its id; a failed run is a result here.

        `result.completed` tells whether it is over. The run may be another process's.
        """
        return self._drive(operations.poll(self._settings(), poll_url, api_key))

    def sync_poll(
        self,
        poll_url: str,
        *,
        timeout: float = operations.RUN_TIMEOUT,
        wait_time: float | None = None,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        show_progress: bool = False,
        cancel_on_interrupt: bool = False,
    ) -> ModelResult:
        """Wait for a run that `run_async` started, by its address or its id. Takes and raises what `run` does."""
        run = operations.Run("", {}, timeout, wait_time, api_key, on_progress, cancel_on_interrupt)
        if not show_progress:
            return self._drive(operations.sync_poll(self._settings(), poll_url, run))
        with watched(self.name or "run", run):
            return self._drive(operations.sync_poll(self._settings(), poll_url, run))

    def cancel(self, run: ModelResult | str, *, api_key: str | None = None) -> None:
        """Ask the service to give a run up: the result of `run_async`, or a run's address or id.

        Raises `APIError` when there is no such run (404), or it is over (409).
        """
        self._drive(operations.cancel(self._settings(), operations.place_of(run), api_key))


class AsyncModel(ModelBase, rename="camel", dict=True, weakref=True, kw_only=True):
    """A model on asyncio. Get one from a client: `await AsyncAixplain().Model.get("openai/gpt-4o")`."""

    @classmethod
    async def _drive(cls, operation: Operation[T]) -> T:
        return await adrive(operation, cast("AsyncAixplain", cls._client())._transport)

    @classmethod
    async def get(cls, id: str, **kwargs: Unpack[BaseGetParams]) -> Self:
        """The model of this id or path. Raises `APIError` (404) when there is none.

        `host` narrows a path that several hosts serve.
        """
        return cls._from_answer(await cls._drive(cls._get_call(id, dict(kwargs))))

    @classmethod
    async def search(cls, query: str | None = None, **kwargs: Unpack[ModelSearchParams]) -> AsyncPage[Self]:
        """One page of the models that match; `await page.next()` gives the one after it, `page.all()` walks all of them.

        Raises `ValueError` for a name that is no filter, with the nearest one.
        """
        return await cls._page(cls._search_call(query, dict(kwargs)))

    @classmethod
    async def _page(cls, call: SearchCall) -> AsyncPage[Self]:
        body = await cls._drive(cls._search_operation(call))
        return AsyncPage.of(cls._page_parts(body), lambda number: cls._page(call.at_page(number)))

    @overload
    async def run(self, *, stream: Literal[True], **inputs: Any) -> AsyncModelResponseStreamer: ...
    @overload
    async def run(
        self,
        *,
        timeout: float = ...,
        wait_time: float | None = ...,
        stream: Literal[False] = ...,
        api_key: str | None = ...,
        on_progress: OnProgress | None = ...,
        show_progress: bool = ...,
        cancel_on_interrupt: bool = ...,
        run_retries: int = ...,
        run_retry_wait: float = ...,
        **inputs: Any,
    ) -> ModelResult: ...
    @overload
    async def run(self, *, stream: bool, **inputs: Any) -> ModelResult | AsyncModelResponseStreamer: ...
    async def run(
        self,
        *,
        timeout: float = operations.RUN_TIMEOUT,
        wait_time: float | None = None,
        stream: bool = False,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        show_progress: bool = False,
        cancel_on_interrupt: bool = False,
        run_retries: int = 0,
        run_retry_wait: float = 1.0,
        **inputs: Any,
    ) -> ModelResult | AsyncModelResponseStreamer:
        """Run the model with these inputs and give its result.

        `timeout` is one deadline in seconds over the requests, the waits and the polls; `wait_time` the seconds between
        polls, by default a tenth of the time gone by. `on_progress` is called with each answer of a run that goes on, and
        `show_progress` draws a bar. `cancel_on_interrupt` cancels the run when asyncio cancels the call. A run that the service
        failed is run again up to `run_retries` times, `run_retry_wait` seconds apart; each may cost credits.

        Raises `ValueError` before anything is sent, `APIError` when the run failed, `TimeoutError` at the deadline.
        """
        if stream:
            return await self.run_stream(timeout=timeout, api_key=api_key, **inputs).open()
        controls = operations.Run(
            "", {}, timeout, wait_time, api_key, on_progress, cancel_on_interrupt, run_retries, run_retry_wait
        )
        run = self._prepare(inputs, controls)
        if not show_progress:
            return await self._drive(operations.run(self._settings(), run))
        with watched(self.name or "run", run):
            return await self._drive(operations.run(self._settings(), run))

    async def run_async(
        self, *, timeout: float = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> ModelResult:
        """Start a run and return at once; `model.poll(result.url)` asks after it, `sync_poll` waits for it."""
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        return await self._drive(operations.submit(self._settings(), run, sync_only=self.is_sync_only))

    def run_stream(
        self, *, timeout: float = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> AsyncModelResponseStreamer:
        """Run the model and give its answer in pieces as they come; not awaited itself.

        Raises `ValidationError` when the model doesn't support it.
        """
        self._ensure_streams()
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))

        async def start() -> AsyncStream:
            return cast(AsyncStream, await self._drive(operations.stream(self._settings(), run)))

        return AsyncModelResponseStreamer(start)

    async def poll(self, poll_url: str, *, api_key: str | None = None) -> ModelResult:
        """Ask once after a run, by its address or its id; a failed run is a result here.

        `result.completed` tells whether it is over. The run may be another process's.
        """
        return await self._drive(operations.poll(self._settings(), poll_url, api_key))

    async def sync_poll(
        self,
        poll_url: str,
        *,
        timeout: float = operations.RUN_TIMEOUT,
        wait_time: float | None = None,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        show_progress: bool = False,
        cancel_on_interrupt: bool = False,
    ) -> ModelResult:
        """Wait for a run that `run_async` started, by its address or its id. Takes and raises what `run` does."""
        run = operations.Run("", {}, timeout, wait_time, api_key, on_progress, cancel_on_interrupt)
        if not show_progress:
            return await self._drive(operations.sync_poll(self._settings(), poll_url, run))
        with watched(self.name or "run", run):
            return await self._drive(operations.sync_poll(self._settings(), poll_url, run))

    async def cancel(self, run: ModelResult | str, *, api_key: str | None = None) -> None:
        """Ask the service to give a run up: the result of `run_async`, or a run's address or id.

        Raises `APIError` when there is no such run (404), or it is over (409).
        """
        await self._drive(operations.cancel(self._settings(), operations.place_of(run), api_key))


def __getattr__(name: str) -> Any:
    """The long enums are loaded when one is named."""
    if name in ("Function", "Language", "Supplier"):
        return getattr(enums, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
