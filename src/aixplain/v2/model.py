"""The model resource: find a model, set its inputs, run it, stream it.

Every name of the reference of `aixplain.v2.model` is here. `Model` blocks and `AsyncModel` is awaited; otherwise
they are the same, as a test holds: each method prepares an operation, and a driver of one colour runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Self, Unpack, cast, overload

from aixplain.v2 import _operations as operations
from aixplain.v2 import enums
from aixplain.v2._flow import AsyncStream, Stream
from aixplain.v2._inputs import InputsProxy
from aixplain.v2._model_base import ModelBase, find_function_by_id, find_supplier_by_id
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

OnProgress = Callable[[ModelResult], None]


class ModelRunParams(BaseRunParams):
    """What steers a run. `stream=True` gives a streamer; the model must support it."""

    stream: NotRequired[bool]


class Model(ModelBase, rename="camel", dict=True, weakref=True, kw_only=True):
    """A model, blocking. Get one from a client: `Aixplain().Model.get("openai/gpt-4o")`."""

    @classmethod
    def _aix(cls) -> Aixplain:
        return cast("Aixplain", cls._client())

    @classmethod
    def get(cls, id: str, **kwargs: Unpack[BaseGetParams]) -> Self:
        """The model of this id or path. Raises `APIError` (404) when there is none.

        `host` narrows a path that several hosts serve.
        """
        return cls._from_answer(cls._aix()._drive(cls._get_call(id, dict(kwargs))))

    @classmethod
    def search(cls, query: str | None = None, **kwargs: Unpack[ModelSearchParams]) -> Page[Self]:
        """One page of the models that match; `page.next()` gives the one after it, `page.all()` walks all of them.

        Raises `ValueError` for a name that is no filter, with the nearest one.
        """
        return cls._page(cls._search_call(query, dict(kwargs)))

    @classmethod
    def _page(cls, call: SearchCall) -> Page[Self]:
        body = cls._aix()._drive(cls._search_operation(call))
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
        **inputs: Any,
    ) -> ModelResult: ...
    def run(
        self,
        *,
        timeout: float = operations.RUN_TIMEOUT,
        wait_time: float | None = None,
        stream: bool = False,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        **inputs: Any,
    ) -> ModelResult | ModelResponseStreamer:
        """Run the model with these inputs and give its result.

        `timeout` is one deadline in seconds over the request, the waits and the polls; `wait_time` the seconds between
        polls, by default a tenth of the time gone by; `on_progress` is called with each answer of a run that goes on.
        Raises `ValueError` before anything is sent, `APIError` when the run failed, `TimeoutError` at the deadline.
        """
        if stream:
            return self.run_stream(timeout=timeout, api_key=api_key, **inputs)
        run = self._prepare(inputs, operations.Run("", {}, timeout, wait_time, api_key, on_progress))
        return self._aix()._drive(operations.run(self._settings(), run))

    def run_async(self, *, timeout: float = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any) -> ModelResult:
        """Start a run and return at once; `model.poll(result.url)` asks after it, `sync_poll` waits for it."""
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        return self._aix()._drive(operations.submit(self._settings(), run, sync_only=self.is_sync_only))

    def run_stream(
        self, *, timeout: float = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> ModelResponseStreamer:
        """Run the model and give its answer in pieces as they come.

        Raises `ValidationError` when the model doesn't support it.
        """
        self._ensure_streams()
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        return ModelResponseStreamer(cast(Stream, self._aix()._drive(operations.stream(self._settings(), run))))

    def poll(self, poll_url: str, *, api_key: str | None = None) -> ModelResult:
        """Ask once after a run; `result.completed` tells whether it is over. A failed run is a result here."""
        return self._aix()._drive(operations.poll(self._settings(), poll_url, api_key))

    def sync_poll(
        self,
        poll_url: str,
        *,
        timeout: float = operations.RUN_TIMEOUT,
        wait_time: float | None = None,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> ModelResult:
        """Wait for a run that `run_async` started. Raises as `run` does."""
        run = operations.Run("", {}, timeout, wait_time, api_key, on_progress)
        return self._aix()._drive(operations.sync_poll(self._settings(), poll_url, run))


class AsyncModel(ModelBase, rename="camel", dict=True, weakref=True, kw_only=True):
    """A model on asyncio. Get one from a client: `await AsyncAixplain().Model.get("openai/gpt-4o")`."""

    @classmethod
    def _aix(cls) -> AsyncAixplain:
        return cast("AsyncAixplain", cls._client())

    @classmethod
    async def get(cls, id: str, **kwargs: Unpack[BaseGetParams]) -> Self:
        """The model of this id or path. Raises `APIError` (404) when there is none.

        `host` narrows a path that several hosts serve.
        """
        return cls._from_answer(await cls._aix()._drive(cls._get_call(id, dict(kwargs))))

    @classmethod
    async def search(cls, query: str | None = None, **kwargs: Unpack[ModelSearchParams]) -> AsyncPage[Self]:
        """One page of the models that match; `await page.next()` gives the one after it, `page.all()` walks all of them.

        Raises `ValueError` for a name that is no filter, with the nearest one.
        """
        return await cls._page(cls._search_call(query, dict(kwargs)))

    @classmethod
    async def _page(cls, call: SearchCall) -> AsyncPage[Self]:
        body = await cls._aix()._drive(cls._search_operation(call))
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
        **inputs: Any,
    ) -> ModelResult: ...
    async def run(
        self,
        *,
        timeout: float = operations.RUN_TIMEOUT,
        wait_time: float | None = None,
        stream: bool = False,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        **inputs: Any,
    ) -> ModelResult | AsyncModelResponseStreamer:
        """Run the model with these inputs and give its result.

        `timeout` is one deadline in seconds over the request, the waits and the polls; `wait_time` the seconds between
        polls, by default a tenth of the time gone by; `on_progress` is called with each answer of a run that goes on.
        Raises `ValueError` before anything is sent, `APIError` when the run failed, `TimeoutError` at the deadline.
        """
        if stream:
            return await self.run_stream(timeout=timeout, api_key=api_key, **inputs).open()
        run = self._prepare(inputs, operations.Run("", {}, timeout, wait_time, api_key, on_progress))
        return await self._aix()._drive(operations.run(self._settings(), run))

    async def run_async(
        self, *, timeout: float = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> ModelResult:
        """Start a run and return at once; `model.poll(result.url)` asks after it, `sync_poll` waits for it."""
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        return await self._aix()._drive(operations.submit(self._settings(), run, sync_only=self.is_sync_only))

    def run_stream(
        self, *, timeout: float = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> AsyncModelResponseStreamer:
        """Run the model and give its answer in pieces as they come; not awaited itself.

        Raises `ValidationError` when the model doesn't support it.
        """
        self._ensure_streams()
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))

        async def start() -> AsyncStream:
            return cast(AsyncStream, await self._aix()._drive(operations.stream(self._settings(), run)))

        return AsyncModelResponseStreamer(start)

    async def poll(self, poll_url: str, *, api_key: str | None = None) -> ModelResult:
        """Ask once after a run; `result.completed` tells whether it is over. A failed run is a result here."""
        return await self._aix()._drive(operations.poll(self._settings(), poll_url, api_key))

    async def sync_poll(
        self,
        poll_url: str,
        *,
        timeout: float = operations.RUN_TIMEOUT,
        wait_time: float | None = None,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> ModelResult:
        """Wait for a run that `run_async` started. Raises as `run` does."""
        run = operations.Run("", {}, timeout, wait_time, api_key, on_progress)
        return await self._aix()._drive(operations.sync_poll(self._settings(), poll_url, run))


def __getattr__(name: str) -> Any:
    """The long enums are loaded when one is named."""
    if name in ("Function", "Language", "Supplier"):
        return getattr(enums, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
