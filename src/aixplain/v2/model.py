"""The model resource: find a model, set its inputs, run it, stream it.

Every name of the reference of `aixplain.v2.model` is here. `Model` blocks and `AsyncModel` is awaited; otherwise
they are the same, as a test holds: each method prepares an operation, and a driver of one colour runs it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Self, TypeVar, Unpack, cast, overload

from aixplain.v2 import _operations as operations
from aixplain.v2 import enums
from aixplain.v2._flow import AsyncStream, Operation, Stream, adrive, drive
from aixplain.v2._inputs.proxy import InputsProxy
from aixplain.v2._inputs.signature import shows_inputs
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
from aixplain.v2._settings import conceal, concealed
from aixplain.v2._streams.streamers import AsyncModelResponseStreamer, ModelResponseStreamer
from aixplain.v2._watching.observe import observed
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
    from pathlib import Path

    from aixplain.v2._map.plan import AsyncModelMap, MapItem, ModelMap
    from aixplain.v2.core import Aixplain, AsyncAixplain
    from aixplain.v2.enums import Function, Language, Supplier

__all__ = [
    "AssetStatus",
    "AsyncModel",
    "AsyncModelMap",
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
    "MapItem",
    "Message",
    "Model",
    "ModelMap",
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


class Model(ModelBase, rename="camel", kw_only=True):
    """A model, blocking. Get one from a client: `Aixplain().Model.get("openai/gpt-4o")`."""

    @classmethod
    def _drive(cls, operation: Operation[T], run: operations.Run | None = None) -> T:
        aix = cast("Aixplain", cls._client())
        return drive(observed(operation, aix.settings, run), aix._transport)

    @classmethod
    def get(cls, id: str, **kwargs: Unpack[BaseGetParams]) -> Self:
        """The model of this id or path. Raises `APIError` (404) when there is none.

        `host` narrows a path that several hosts serve.
        """
        conceal(kwargs)
        return cls._from_answer(cls._drive(cls._get_call(id, dict(kwargs))), kwargs.get("api_key"))

    @classmethod
    def search(cls, query: str | None = None, **kwargs: Unpack[ModelSearchParams]) -> Page[Self]:
        """One page of the models that match; `page.next()` gives the one after it, `page.all()` walks all of them.

        Raises `ValueError` for a name that is no filter, with the nearest one.
        """
        conceal(kwargs)
        return cls._page(cls._search_call(query, dict(kwargs)))

    @classmethod
    def _page(cls, call: SearchCall) -> Page[Self]:
        body = cls._drive(cls._search_operation(call))
        return Page.of(cls._page_parts(body, call), lambda number: cls._page(call.at_page(number)))

    @overload
    def run(self, /, *, stream: Literal[True], **inputs: Any) -> ModelResponseStreamer: ...
    @overload
    def run(
        self,
        /,
        *,
        timeout: operations.Seconds = ...,
        wait_time: operations.Seconds = ...,
        stream: Literal[False] = ...,
        api_key: str | None = ...,
        on_progress: OnProgress | None = ...,
        show_progress: bool = ...,
        cancel_on_interrupt: bool = ...,
        run_retries: int = ...,
        run_retry_wait: operations.Seconds = ...,
        **inputs: Any,
    ) -> ModelResult: ...
    @overload
    def run(self, /, *, stream: bool, **inputs: Any) -> ModelResult | ModelResponseStreamer: ...
    @shows_inputs
    def run(
        self,
        /,
        *,
        timeout: operations.Seconds = operations.RUN_TIMEOUT,
        wait_time: operations.Seconds = None,
        stream: bool = False,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        show_progress: bool = False,
        cancel_on_interrupt: bool = False,
        run_retries: int = 0,
        run_retry_wait: operations.Seconds = 1.0,
        **inputs: Any,
    ) -> ModelResult | ModelResponseStreamer:
        """Run the model with these inputs and give its result.

        An input that is audio, an image, a video or a document may be a path, an open binary file, bytes, or an address: what
        is on this machine is sent up first, straight from the disk.

        `timeout` is one deadline over the requests, the waits and the polls, in seconds or as a timedelta; None is no deadline.
        `wait_time` is the seconds between polls, by default a tenth of the time gone by. `on_progress` is called with each
        answer of a run that goes on, and `show_progress` draws a bar. `cancel_on_interrupt` cancels the run when Ctrl-C stops
        the call. A run that the service failed is run again up to `run_retries` times, `run_retry_wait` seconds apart; each
        may cost credits.

        Raises `ValueError` before anything is sent, `FileUploadError` for a file that can't be sent or isn't taken, `APIError`
        when the run failed, `TimeoutError` at the deadline.
        """
        api_key = concealed(api_key)
        if stream:
            return self.run_stream(timeout=timeout, api_key=api_key, **inputs)
        controls = operations.Run(
            "", {}, timeout, wait_time, api_key, on_progress, cancel_on_interrupt, run_retries, run_retry_wait, show_progress
        )
        run = self._prepare(inputs, controls)
        if not show_progress:
            return self._drive(operations.run(self._settings(), run), run)
        with watched(self.name or "run", run):
            return self._drive(operations.run(self._settings(), run), run)

    @shows_inputs
    def run_async(
        self, /, *, timeout: operations.Seconds = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> ModelResult:
        """Start a run and return at once; `model.poll(result.url)` asks after it, `sync_poll` waits for it."""
        api_key = concealed(api_key)
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        return self._drive(operations.submit(self._settings(), run, sync_only=self.is_sync_only), run)

    @shows_inputs
    def run_stream(
        self, /, *, timeout: operations.Seconds = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> ModelResponseStreamer:
        """Run the model and give its answer in pieces as they come.

        Raises `ValidationError` when the model doesn't support it.
        """
        api_key = concealed(api_key)
        self._ensure_streams()
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        settings = self._settings()
        opened = cast(Stream, self._drive(operations.stream(settings, run), run))
        return ModelResponseStreamer(opened, api_key=run.api_key or settings.api_key)

    def poll(self, poll_url: ModelResult | str, *, api_key: str | None = None) -> ModelResult:
        """Ask once after a run, by the result of `run_async`, its address or its id; a failed run is a result here.

        `result.completed` tells whether it is over. The run may be another process's.
        """
        api_key = concealed(api_key)
        return self._drive(operations.poll(self._settings(), poll_url, api_key))

    def sync_poll(
        self,
        poll_url: ModelResult | str,
        *,
        timeout: operations.Seconds = operations.RUN_TIMEOUT,
        wait_time: operations.Seconds = None,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        show_progress: bool = False,
        cancel_on_interrupt: bool = False,
    ) -> ModelResult:
        """Wait for a run that `run_async` started, by its result, its address or its id. Takes and raises what `run` does."""
        api_key = concealed(api_key)
        run = operations.Run("", {}, timeout, wait_time, api_key, on_progress, cancel_on_interrupt)
        if not show_progress:
            return self._drive(operations.sync_poll(self._settings(), poll_url, run), run)
        with watched(self.name or "run", run):
            return self._drive(operations.sync_poll(self._settings(), poll_url, run), run)

    def cancel(self, run: ModelResult | str, *, api_key: str | None = None) -> None:
        """Ask the service to give a run up: the result of `run_async`, or a run's address or id.

        Raises `APIError` when there is no such run (404), or it is over (409).
        """
        api_key = concealed(api_key)
        self._drive(operations.cancel(self._settings(), operations.place_of(run), api_key))

    @classmethod
    def save(
        cls,
        result: ModelResult,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        timeout: operations.Seconds = operations.SAVE_TIMEOUT,
        api_key: str | None = None,
        show_progress: bool = False,
    ) -> Path | list[Path]:
        """Save what a result has, and give the path; a list of paths where its data is a list, or an object, with addresses.

        What an address names is fetched; text is saved as UTF-8, other data as JSON. `path` is a file, or a folder (one that
        exists, or ends with /, or is made for several outputs) where each is named as its service calls it. Files are whole
        or not there. One that exists is replaced with `overwrite=True` only. `timeout` is one deadline in seconds. Large
        files draw a bar in a terminal, and all with `show_progress`.

        The key goes to this client's own addresses alone, and no address leads further inside a network than the service
        stands itself. Raises `FileSaveError` (also an OSError), `APIError`, `TimeoutError`, and `ValidationError` for a result
        that has nothing to save.
        """
        from aixplain.v2._files.downloads import Wanted, save  # few results are saved

        wanted = Wanted(path, overwrite, operations.deadline_of(timeout), api_key, show_progress)
        return cls._drive(save(cls._settings(), result, wanted))

    def map(
        self,
        values: Iterable[Any],
        /,
        *,
        concurrency: int = 8,
        ordered: bool = True,
        budget: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        show_progress: bool = False,
        timeout: operations.Seconds = operations.RUN_TIMEOUT,
        api_key: str | None = None,
        **inputs: Any,
    ) -> ModelMap:
        """Run the model with each of many inputs, and give what became of them: `MapItem`s with a `result` or an `error`.

        A value is the model's main input (`text`, or the first that it requires), or a mapping of inputs by name; `inputs` are
        those that all runs share. Up to `concurrency` runs (1 to 1000) are made at a time, in threads; a service that has too
        much is tried again as it asks. Items come in the order of the values, or with `ordered=False` as they are done.
        Values are pulled, in the caller's thread, as there is room for results: any number will do, and 4 times `concurrency`
        are held at most. A failure is an item too, and ends nothing. Leaving the loop, or a `with` block around it, stops the
        map and cancels its runs.

        `checkpoint` is a file that keeps what is done: the same call goes on from it, gives what was done without running it,
        and runs anew what failed. It holds the results, and only a digest of the inputs, which must not change; a file among
        them counts by its path. `budget` is in credits: when the runs, those of the checkpoint included, have used it up, none
        is started any more. A run that doesn't tell its cost is taken for the dearest that did; until one has, at most
        `concurrency` are made. `timeout` is each run's, in seconds. `show_progress` draws a bar.

        Raises `InputError` at once for a wrong argument or shared input. From the loop, after the items of all runs that were
        started: what the iterable raised, `BudgetReachedError`, `CheckpointError`.

        >>> from aixplain import Aixplain
        >>> with Aixplain.local() as aix:
        ...     for item in aix.Model.get("aixplain/sentiment").map(["I love this", 7, "I hate this"]):
        ...         print(item.index, item.result.data if item.result else item.error)
        0 POSITIVE
        1 Parameter validation failed: Parameter 'text' has invalid type. Expected text, got int
        2 NEGATIVE
        """
        api_key = concealed(api_key)
        from aixplain.v2._map.plan import ModelMap, Plan, counted  # loaded by who maps
        from aixplain.v2._map.threads import walk

        total = counted(values)
        plan = Plan(self, concurrency, ordered, budget, checkpoint, show_progress, timeout, api_key, inputs, total)
        return ModelMap(walk(plan, iter(values), cast("Aixplain", self._client())._transport))


class AsyncModel(ModelBase, rename="camel", kw_only=True):
    """A model on asyncio. Get one from a client: `await AsyncAixplain().Model.get("openai/gpt-4o")`."""

    @classmethod
    def _drive(cls, operation: Operation[T], run: operations.Run | None = None) -> Awaitable[T]:
        aix = cast("AsyncAixplain", cls._client())
        return adrive(observed(operation, aix.settings, run), aix._transport)

    @classmethod
    async def get(cls, id: str, **kwargs: Unpack[BaseGetParams]) -> Self:
        """The model of this id or path. Raises `APIError` (404) when there is none.

        `host` narrows a path that several hosts serve.
        """
        conceal(kwargs)
        return cls._from_answer(await cls._drive(cls._get_call(id, dict(kwargs))), kwargs.get("api_key"))

    @classmethod
    async def search(cls, query: str | None = None, **kwargs: Unpack[ModelSearchParams]) -> AsyncPage[Self]:
        """One page of the models that match; `await page.next()` gives the one after it, `page.all()` walks all of them.

        Raises `ValueError` for a name that is no filter, with the nearest one.
        """
        conceal(kwargs)
        return await cls._page(cls._search_call(query, dict(kwargs)))

    @classmethod
    async def _page(cls, call: SearchCall) -> AsyncPage[Self]:
        body = await cls._drive(cls._search_operation(call))
        return AsyncPage.of(cls._page_parts(body, call), lambda number: cls._page(call.at_page(number)))

    @overload
    async def run(self, /, *, stream: Literal[True], **inputs: Any) -> AsyncModelResponseStreamer: ...
    @overload
    async def run(
        self,
        /,
        *,
        timeout: operations.Seconds = ...,
        wait_time: operations.Seconds = ...,
        stream: Literal[False] = ...,
        api_key: str | None = ...,
        on_progress: OnProgress | None = ...,
        show_progress: bool = ...,
        cancel_on_interrupt: bool = ...,
        run_retries: int = ...,
        run_retry_wait: operations.Seconds = ...,
        **inputs: Any,
    ) -> ModelResult: ...
    @overload
    async def run(self, /, *, stream: bool, **inputs: Any) -> ModelResult | AsyncModelResponseStreamer: ...
    @shows_inputs
    async def run(
        self,
        /,
        *,
        timeout: operations.Seconds = operations.RUN_TIMEOUT,
        wait_time: operations.Seconds = None,
        stream: bool = False,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        show_progress: bool = False,
        cancel_on_interrupt: bool = False,
        run_retries: int = 0,
        run_retry_wait: operations.Seconds = 1.0,
        **inputs: Any,
    ) -> ModelResult | AsyncModelResponseStreamer:
        """Run the model with these inputs and give its result.

        An input that is audio, an image, a video or a document may be a path, an open binary file, bytes, or an address: what
        is on this machine is sent up first, straight from the disk.

        `timeout` is one deadline over the requests, the waits and the polls, in seconds or as a timedelta; None is no deadline.
        `wait_time` is the seconds between polls, by default a tenth of the time gone by. `on_progress` is called with each
        answer of a run that goes on, and `show_progress` draws a bar. `cancel_on_interrupt` cancels the run when asyncio
        cancels the call. A run that the service failed is run again up to `run_retries` times, `run_retry_wait` seconds apart;
        each may cost credits.

        Raises `ValueError` before anything is sent, `FileUploadError` for a file that can't be sent or isn't taken, `APIError`
        when the run failed, `TimeoutError` at the deadline.
        """
        api_key = concealed(api_key)
        if stream:
            return await self.run_stream(timeout=timeout, api_key=api_key, **inputs).open()
        controls = operations.Run(
            "", {}, timeout, wait_time, api_key, on_progress, cancel_on_interrupt, run_retries, run_retry_wait, show_progress
        )
        run = self._prepare(inputs, controls)
        if not show_progress:
            return await self._drive(operations.run(self._settings(), run), run)
        with watched(self.name or "run", run):
            return await self._drive(operations.run(self._settings(), run), run)

    @shows_inputs
    async def run_async(
        self, /, *, timeout: operations.Seconds = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> ModelResult:
        """Start a run and return at once; `model.poll(result.url)` asks after it, `sync_poll` waits for it."""
        api_key = concealed(api_key)
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        return await self._drive(operations.submit(self._settings(), run, sync_only=self.is_sync_only), run)

    @shows_inputs
    def run_stream(
        self, /, *, timeout: operations.Seconds = operations.RUN_TIMEOUT, api_key: str | None = None, **inputs: Any
    ) -> AsyncModelResponseStreamer:
        """Run the model and give its answer in pieces as they come; not awaited itself.

        Raises `ValidationError` when the model doesn't support it.
        """
        api_key = concealed(api_key)
        self._ensure_streams()
        run = self._prepare(inputs, operations.Run("", {}, timeout, api_key=api_key))
        settings = self._settings()

        async def start() -> AsyncStream:
            return cast(AsyncStream, await self._drive(operations.stream(settings, run), run))

        return AsyncModelResponseStreamer(start, api_key=run.api_key or settings.api_key)

    async def poll(self, poll_url: ModelResult | str, *, api_key: str | None = None) -> ModelResult:
        """Ask once after a run, by the result of `run_async`, its address or its id; a failed run is a result here.

        `result.completed` tells whether it is over. The run may be another process's.
        """
        api_key = concealed(api_key)
        return await self._drive(operations.poll(self._settings(), poll_url, api_key))

    async def sync_poll(
        self,
        poll_url: ModelResult | str,
        *,
        timeout: operations.Seconds = operations.RUN_TIMEOUT,
        wait_time: operations.Seconds = None,
        api_key: str | None = None,
        on_progress: OnProgress | None = None,
        show_progress: bool = False,
        cancel_on_interrupt: bool = False,
    ) -> ModelResult:
        """Wait for a run that `run_async` started, by its result, its address or its id. Takes and raises what `run` does."""
        api_key = concealed(api_key)
        run = operations.Run("", {}, timeout, wait_time, api_key, on_progress, cancel_on_interrupt)
        if not show_progress:
            return await self._drive(operations.sync_poll(self._settings(), poll_url, run), run)
        with watched(self.name or "run", run):
            return await self._drive(operations.sync_poll(self._settings(), poll_url, run), run)

    async def cancel(self, run: ModelResult | str, *, api_key: str | None = None) -> None:
        """Ask the service to give a run up: the result of `run_async`, or a run's address or id.

        Raises `APIError` when there is no such run (404), or it is over (409).
        """
        api_key = concealed(api_key)
        await self._drive(operations.cancel(self._settings(), operations.place_of(run), api_key))

    @classmethod
    async def save(
        cls,
        result: ModelResult,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        timeout: operations.Seconds = operations.SAVE_TIMEOUT,
        api_key: str | None = None,
        show_progress: bool = False,
    ) -> Path | list[Path]:
        """Save what a result has, and give the path; a list of paths where its data is a list, or an object, with addresses.

        What an address names is fetched; text is saved as UTF-8, other data as JSON. `path` is a file, or a folder (one that
        exists, or ends with /, or is made for several outputs) where each is named as its service calls it. Files are whole
        or not there. One that exists is replaced with `overwrite=True` only. `timeout` is one deadline in seconds. Large
        files draw a bar in a terminal, and all with `show_progress`.

        The key goes to this client's own addresses alone, and no address leads further inside a network than the service
        stands itself. Raises `FileSaveError` (also an OSError), `APIError`, `TimeoutError`, and `ValidationError` for a result
        that has nothing to save.
        """
        from aixplain.v2._files.downloads import Wanted, save  # few results are saved

        wanted = Wanted(path, overwrite, operations.deadline_of(timeout), api_key, show_progress)
        return await cls._drive(save(cls._settings(), result, wanted))

    def map(
        self,
        values: Iterable[Any] | AsyncIterable[Any],
        /,
        *,
        concurrency: int = 8,
        ordered: bool = True,
        budget: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        show_progress: bool = False,
        timeout: operations.Seconds = operations.RUN_TIMEOUT,
        api_key: str | None = None,
        **inputs: Any,
    ) -> AsyncModelMap:
        """Run the model with each of many inputs, and give what became of them: `MapItem`s with a `result` or an `error`.

        Not awaited itself: `async for item in model.map(texts)`, or `async with model.map(texts) as items`, which stops the map
        at once when its block is left. `values` may be asynchronous too. Runs are made in tasks. For all else see `Model.map`.
        """
        api_key = concealed(api_key)
        from aixplain.v2._map.plan import AsyncModelMap, Plan, counted  # loaded by who maps
        from aixplain.v2._map.tasks import inputs_of, walk

        total = counted(values)
        plan = Plan(self, concurrency, ordered, budget, checkpoint, show_progress, timeout, api_key, inputs, total)
        return AsyncModelMap(walk(plan, inputs_of(values), cast("AsyncAixplain", self._client())._transport))


def __getattr__(name: str) -> Any:
    """The long enums, and what a map is made of, are loaded when one is named."""
    if name in ("Function", "Language", "Supplier"):
        return getattr(enums, name)
    if name in ("AsyncModelMap", "MapItem", "ModelMap"):
        from aixplain.v2._map import plan

        return getattr(plan, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
