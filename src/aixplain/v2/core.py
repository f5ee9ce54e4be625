"""The client: where it talks to, with which key, in which colour."""

from __future__ import annotations

import importlib
from functools import cached_property
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

from aixplain.v2 import _settings
from aixplain.v2._client_base import ClientBase
from aixplain.v2.exceptions import ConfigurationError

if TYPE_CHECKING:
    from aixplain.v2._flow import AsyncTransport, Transport
    from aixplain.v2.client import AixplainClient, AsyncAixplainClient
    from aixplain.v2.model import AsyncModel, Model


class Aixplain(ClientBase):
    """A client of the platform or of a hub, blocking. Thread-safe; several live side by side, each with its own key.

    `api_key` comes from TEAM_API_KEY or AIXPLAIN_API_KEY when it is not given, `backend_url` from BACKEND_URL, `model_url`
    from MODELS_RUN_URL or, for a hub, from its address. `strict=True` refuses an input that the model doesn't know.
    Nothing is opened before the first call. `pipeline_url` is taken for code written against the official package.

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
        strict: bool = False,
        transport: Transport | None = None,
    ) -> None:
        super().__init__(_settings.resolve(api_key, backend_url, model_url, strict=strict))
        self._own_transport = transport
        self._hub: EmbeddedHub | None = None

    @classmethod
    def local(cls, data: str | PathLike[str] | None = None, *, strict: bool = False) -> Self:
        """A client of a hub inside this process: no account, no key, no server to start.

        The hub runs real models on this machine and keeps its runs in the folder `data`; without one they go when the
        client closes. Needs `pip install 'aixplain-models[hub]'`.
        """
        hub = _start_hub(data)
        try:
            hub.wait_until_ready()
            aix = cls(backend_url=hub.url, strict=strict)
        except BaseException:
            hub.close()
            raise
        aix._hub = hub
        return aix

    @cached_property
    def Model(self) -> type[Model]:  # noqa: N802 - the reference's name
        """The models of this client."""
        from aixplain.v2.model import Model

        return Model.bound_to(self)

    @cached_property
    def _transport(self) -> Transport:
        if self._own_transport is not None:
            return self._own_transport
        from aixplain.v2._http.blocking import SocketTransport  # loaded by the first request
        from aixplain.v2._http.options import Options

        return SocketTransport(Options(self.settings.is_loopback))

    @cached_property
    def client(self) -> AixplainClient:
        """The low doors: any request to the service, with this client's key and manners."""
        from aixplain.v2.client import AixplainClient

        return AixplainClient(self.settings, self._transport)

    def close(self) -> None:
        """Let go of the connections, and stop the hub that `local` started. The client can be used again, the hub not."""
        self._transport.close()
        hub, self._hub = self._hub, None
        if hub is not None:
            hub.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncAixplain(ClientBase):
    """`Aixplain` on asyncio: the same arguments, and `await` before the calls."""

    def __init__(
        self,
        api_key: str | None = None,
        backend_url: str | None = None,
        pipeline_url: str | None = None,
        model_url: str | None = None,
        *,
        strict: bool = False,
        transport: AsyncTransport | None = None,
    ) -> None:
        super().__init__(_settings.resolve(api_key, backend_url, model_url, strict=strict))
        self._own_transport = transport
        self._hub: EmbeddedHub | None = None

    @classmethod
    def local(cls, data: str | PathLike[str] | None = None, *, strict: bool = False) -> Self:
        """A client of a hub inside this process; see `Aixplain.local`. The hub has a thread of its own, beside the loop."""
        hub = _start_hub(data)
        aix = cls(backend_url=hub.url, strict=strict)
        aix._hub = hub
        return aix

    @cached_property
    def Model(self) -> type[AsyncModel]:  # noqa: N802 - the reference's name
        """The models of this client."""
        from aixplain.v2.model import AsyncModel

        return AsyncModel.bound_to(self)

    @cached_property
    def _transport(self) -> AsyncTransport:
        if self._own_transport is not None:
            return self._own_transport
        from aixplain.v2._http.loops import AsyncSocketTransport  # loaded by the first request
        from aixplain.v2._http.options import Options

        return AsyncSocketTransport(Options(self.settings.is_loopback))

    @cached_property
    def client(self) -> AsyncAixplainClient:
        """The low doors: any request to the service, with this client's key and manners."""
        from aixplain.v2.client import AsyncAixplainClient

        return AsyncAixplainClient(self.settings, self._transport)

    async def close(self) -> None:
        """Let go of the connections, and stop the hub that `local` started. The client can be used again, the hub not."""
        import asyncio

        await self._transport.close()
        hub, self._hub = self._hub, None
        if hub is not None:
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


class EmbeddedHub(Protocol):
    """The hub that `local` starts, as the SDK knows it."""

    url: str

    def wait_until_ready(self) -> None:
        """Return once it answers; raise what kept it from starting."""

    def close(self) -> None:
        """Stop it."""


def _start_hub(data: str | PathLike[str] | None) -> EmbeddedHub:
    """The one door from the SDK to the hub, by name: the SDK installs without it."""
    try:
        module: Any = importlib.import_module("aixplain.hub.embedded")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The hub needs {error.name}, which is not installed: pip install 'aixplain-models[hub]'"
        ) from error
    return cast(EmbeddedHub, module.start(data))
