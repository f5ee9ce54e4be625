"""The client: where it talks to, with which key, in which colour."""

from __future__ import annotations

import importlib
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from aixplain.v2._client_base import ClientBase, EmbeddedHub, check_own_times
from aixplain.v2._settings import concealed, resolve
from aixplain.v2.exceptions import ConfigurationError

if TYPE_CHECKING:
    from aixplain.v2._flow import AsyncTransport, Transport
    from aixplain.v2.client import AixplainClient, AsyncAixplainClient
    from aixplain.v2.model import AsyncModel, Model


class Aixplain(ClientBase["Transport"]):
    """A client of the platform or of a hub, blocking. Thread-safe; several live side by side, each with its own key.

    What is not given comes from the environment, then from the profile, then from the platform: `api_key` from
    TEAM_API_KEY or AIXPLAIN_API_KEY, `backend_url` from BACKEND_URL, `model_url` from MODELS_RUN_URL or, for a hub, from
    its address. `profile` names one in the file that `aix config path` shows, and is then stronger than the environment.
    A key goes to the place that it was set with; one that is passed, or in the environment, goes to a `backend_url` that is
    passed too. `pipeline_url` is taken for code written against the official package.

    `strict=True` refuses an input that the model doesn't know. `connect_timeout` (10 seconds) bounds how long a connection
    may take, `read_timeout` (none) how long the service may be silent; a run that answers only at its end is silent until
    then. `max_response_bytes` (512 MiB) bounds the bytes of a whole response, decompressed.
    `transport` sends the requests in a way of your own, see `aixplain.v2.transport`; it keeps its own times.

    Nothing is opened before the first call. After a fork a client works in both processes. Raises `ConfigurationError`.

    >>> aix = Aixplain(backend_url="http://127.0.0.1:8180")
    >>> aix
    Aixplain(backend_url='http://127.0.0.1:8180')
    """

    def __init__(
        self,
        api_key: str | None = None,
        backend_url: str | None = None,
        pipeline_url: str | None = None,
        model_url: str | None = None,
        *,
        profile: str | None = None,
        strict: bool | None = None,
        connect_timeout: float | None = None,
        read_timeout: float | None = None,
        max_response_bytes: int | None = None,
        transport: Transport | None = None,
    ) -> None:
        api_key = concealed(api_key)  # before anything can fail, so that no traceback shows it
        check_own_times(transport, connect_timeout=connect_timeout, read_timeout=read_timeout)
        settings = resolve(
            api_key,
            backend_url,
            model_url,
            profile=profile,
            strict=strict,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_response_bytes=max_response_bytes,
        )
        super().__init__(settings, transport)

    @classmethod
    def local(cls, data: str | PathLike[str] | None = None, *, strict: bool = False) -> Self:
        """A client of a hub inside this process: no account, no key, no server to start.

        The hub runs real models on this machine and keeps its runs in the folder `data`; without one they go when the
        client closes. Needs `pip install 'aixplain-models[hub]'`.
        """
        hub = _start_hub(data)
        try:
            hub.wait_until_ready()
            aix = cls(hub.key, hub.url, strict=strict)
        except BaseException:
            hub.close()
            raise
        aix._attach(hub)
        return aix

    @property
    def Model(self) -> type[Model]:  # noqa: N802 - the reference's name
        """The models of this client."""
        from aixplain.v2.model import Model  # slow to import, and not needed to make a client

        return self._bound(Model)

    @property
    def client(self) -> AixplainClient:
        """The low doors: any request to the service, with this client's key and manners."""
        from aixplain.v2.client import AixplainClient

        return AixplainClient(self)

    def close(self) -> None:
        """Let go of the connections, and stop the hub that `local` started. The client can be used again, the hub not.

        A call that another thread has under way ends with `ResourceError`; a transport of your own is closed too.
        """
        if transport := self._take_transport():
            transport.close()
        if hub := self._detach():
            hub.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _make_transport(self) -> Transport:
        from aixplain.v2._http.blocking import SocketTransport  # loaded by the first request

        return SocketTransport(self._options())


class AsyncAixplain(ClientBase["AsyncTransport"]):
    """`Aixplain` on asyncio: the same arguments, and `await` before the calls. It may be used on several loops, at once too."""

    def __init__(
        self,
        api_key: str | None = None,
        backend_url: str | None = None,
        pipeline_url: str | None = None,
        model_url: str | None = None,
        *,
        profile: str | None = None,
        strict: bool | None = None,
        connect_timeout: float | None = None,
        read_timeout: float | None = None,
        max_response_bytes: int | None = None,
        transport: AsyncTransport | None = None,
    ) -> None:
        api_key = concealed(api_key)  # before anything can fail, so that no traceback shows it
        check_own_times(transport, connect_timeout=connect_timeout, read_timeout=read_timeout)
        settings = resolve(
            api_key,
            backend_url,
            model_url,
            profile=profile,
            strict=strict,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_response_bytes=max_response_bytes,
        )
        super().__init__(settings, transport)

    @classmethod
    def local(cls, data: str | PathLike[str] | None = None, *, strict: bool = False) -> Self:
        """A client of a hub inside this process; see `Aixplain.local`. The hub has a thread of its own, beside the loop."""
        hub = _start_hub(data)
        try:
            aix = cls(hub.key, hub.url, strict=strict)
        except BaseException:
            hub.close()
            raise
        aix._attach(hub)
        return aix

    @property
    def Model(self) -> type[AsyncModel]:  # noqa: N802 - the reference's name
        """The models of this client."""
        from aixplain.v2.model import AsyncModel  # slow to import, and not needed to make a client

        return self._bound(AsyncModel)

    @property
    def client(self) -> AsyncAixplainClient:
        """The low doors: any request to the service, with this client's key and manners."""
        from aixplain.v2.client import AsyncAixplainClient

        return AsyncAixplainClient(self)

    async def close(self) -> None:
        """Let go of the connections, and stop the hub that `local` started. The client can be used again, the hub not.

        A call that another task has under way ends with `ResourceError`; a transport of your own is closed too.
        """
        if transport := self._take_transport():
            await transport.close()
        if hub := self._detach():
            import asyncio

            await asyncio.to_thread(hub.close)

    async def __aenter__(self) -> Self:
        import asyncio

        if self._hub is not None:
            await asyncio.to_thread(self._hub.wait_until_ready)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _make_transport(self) -> AsyncTransport:
        from aixplain.v2._http.loops import AsyncSocketTransport  # loaded by the first request

        return AsyncSocketTransport(self._options())


def _start_hub(data: str | PathLike[str] | None) -> EmbeddedHub:
    """The one door from the SDK to the hub, by name: the SDK installs without it."""
    try:
        module: Any = importlib.import_module("aixplain.hub.embedded")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The hub needs {error.name}, which is not installed: pip install 'aixplain-models[hub]'"
        ) from error
    return cast(EmbeddedHub, module.start(data, requires_key=True))
