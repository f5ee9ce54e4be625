"""Which transport a client makes: pyreqwest's, or httpx2's where that one can't be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aixplain.v2.exceptions import ConfigurationError

if TYPE_CHECKING:
    from aixplain.v2._flow import AsyncTransport, Transport
    from aixplain.v2._settings import Settings


def open_transport(settings: Settings) -> Transport:
    """A blocking one. Raises `ConfigurationError` where neither library can be used."""
    try:
        from aixplain.v2._transport import Options, PyreqwestTransport

        return PyreqwestTransport(Options(settings.is_loopback, settings.connect_timeout, settings.read_timeout))
    except (ImportError, RuntimeError) as error:
        httpx2 = _instead_of_pyreqwest(error)
        from aixplain.v2._httpx2 import Httpx2Transport

        return Httpx2Transport(httpx2.Client(**_options(httpx2, settings)))


def open_async_transport(settings: Settings) -> AsyncTransport:
    """One on asyncio. Raises `ConfigurationError` where neither library can be used."""
    try:
        from aixplain.v2._transport import AsyncPyreqwestTransport, Options

        return AsyncPyreqwestTransport(Options(settings.is_loopback, settings.connect_timeout, settings.read_timeout))
    except (ImportError, RuntimeError) as error:
        httpx2 = _instead_of_pyreqwest(error)
        from aixplain.v2._httpx2 import OnEveryLoop

        return OnEveryLoop(lambda: httpx2.AsyncClient(**_options(httpx2, settings)))


def _options(httpx2: Any, settings: Settings) -> dict[str, Any]:
    return {
        "timeout": httpx2.Timeout(None, connect=settings.connect_timeout, read=settings.read_timeout),
        "limits": httpx2.Limits(keepalive_expiry=4),
        "trust_env": not settings.is_loopback,
    }


def _instead_of_pyreqwest(why: ImportError | RuntimeError) -> Any:
    """The library httpx2, where it is installed."""
    try:
        import httpx2
    except ImportError:
        raise ConfigurationError(_SENTENCES[isinstance(why, ImportError)].format(why)) from why
    return httpx2


_SENTENCES = {
    True: (
        "pyreqwest, which sends the requests, can't be loaded here ({}). "
        "Where there is no build of it, httpx2 does its work: pip install 'aixplain-models[httpx2]'"
    ),
    False: (
        "This process was forked from one that was forked itself, and both have used a client; pyreqwest can't start a third "
        "time. Start processes with spawn (multiprocessing.set_start_method('spawn')), or let httpx2 do the work: "
        "pip install 'aixplain-models[httpx2]'"
    ),
}
