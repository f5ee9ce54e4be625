"""One vendor: the library's client of it, and its failures as whoever runs a model here is told of them."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import weakref
from collections.abc import AsyncIterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from aixplain._wire.errors import first_words, retry_after
from aixplain.hub.backends import ModelError
from aixplain.hub.backends.service import SUPPLIER, Service
from aixplain.hub.backends.vendors.dialects import dialect_of

if TYPE_CHECKING:
    from any_llm import AnyLLM
    from any_llm.exceptions import AnyLLMError

HOW_TO_INSTALL = "pip install 'aixplain-models[hub,vendors]'"


#: The clients of a loop by vendor, address and key. They last as long as the loop, because the library can't close one.
_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str, str | None], AnyLLM]] = (
    weakref.WeakKeyDictionary()
)


class NotInstalled(ModelError):
    """The library is missing, or what it needs for this vendor. The message has the command."""

    def __init__(self, words: str) -> None:
        super().__init__(words, SUPPLIER)


def check_library(vendor: str) -> None:
    """Raise `NotInstalled` without the library. It takes a second or two to load, and is not loaded for this."""
    if importlib.util.find_spec("any_llm") is None:
        raise NotInstalled(f"The vendor {vendor} needs a library more: {HOW_TO_INSTALL}")


class Vendor(Service):
    """A vendor, known here by its `name` and to the library as `vendor`.

    `url` is another address than the vendor's own, which is "". `key_env` names the variable of this process's environment
    that has the key; with None, the library looks where this vendor's users usually have theirs. `timeout` is the seconds of
    a request.
    """

    def __init__(self, name: str, vendor: str, url: str, key_env: str | None, timeout: float) -> None:
        super().__init__(name, key_env)
        self.vendor = vendor
        self.url = url
        self.timeout = timeout
        self.dialect = dialect_of(vendor)

    @contextlib.asynccontextmanager
    async def asked(self) -> AsyncIterator[AnyLLM]:
        """On the side loop: the library's client. Whatever goes wrong in here is told as the failure of a model of ours."""
        client = await self._opened()
        from any_llm.exceptions import AnyLLMError

        try:
            yield client
        except AnyLLMError as error:
            raise self._told(error) from error
        except (NotImplementedError, ValueError) as error:
            # What the library finds out before it asks: the request is none that it can put to this vendor.
            raise ModelError(f"The upstream '{self.name}' can't be asked so: {error}", 400) from error

    def limits(self, client: AnyLLM) -> dict[str, Any]:
        """The seconds of a request, where the vendor's own client can be told them; the hub's limit holds anyway."""
        return {} if client.TIMEOUT_SUPPORT == "unsupported" else {"timeout": self.timeout}

    async def _opened(self) -> AnyLLM:
        """The client, made when first asked for: in a thread, because to load the library takes a second or two."""
        key = self.key()
        clients = _clients.setdefault(asyncio.get_running_loop(), {})
        place = self.vendor, self.url, key
        return clients.get(place) or clients.setdefault(place, await asyncio.to_thread(self._open, key))

    def _open(self, key: str | None) -> AnyLLM:
        check_library(self.vendor)
        from any_llm import AnyLLM
        from any_llm.exceptions import AnyLLMError, MissingApiKeyError, UnsupportedProviderError

        try:
            # Retries are the hub's, which falls back on other models and tells what was tried.
            counts = AnyLLM.get_provider_class(self.vendor).MAX_RETRIES_SUPPORT != "unsupported"
            options: dict[str, Any] = {"max_retries": 0} if counts else {}
            if self.url:
                options[self._address()] = self.url
            return AnyLLM.create(self.vendor, key, unified_exceptions=True, **options)
        except MissingApiKeyError as error:
            raise self.lacks_key(error.env_var_name) from error
        except UnsupportedProviderError as error:
            known = AnyLLM.get_supported_providers()
            near = get_close_matches(self.vendor, known, 1)
            ways = f"Did you mean {near[0]}?" if near else f"It is one of {', '.join(sorted(known))}."
            raise ModelError(f"The library knows no vendor {self.vendor!r}. {ways}", SUPPLIER) from error
        except ImportError as error:
            raise NotInstalled(
                f"The vendor {self.vendor} needs a library of its own: pip install 'any-llm-sdk[{self.vendor}]'"
            ) from error
        except (AnyLLMError, ValueError) as error:
            raise ModelError(f"The upstream '{self.name}' can't be used: {error}", SUPPLIER) from error

    def _address(self) -> str:
        if self.dialect.address is None:
            raise ModelError(f"The vendor {self.vendor} is asked at its own address alone, so there is no --url.", SUPPLIER)
        return self.dialect.address

    def _told(self, error: AnyLLMError) -> ModelError:
        """The library's own words are the last choice: they are about its insides, and about ours."""
        from any_llm.exceptions import AuthenticationError, RateLimitError

        status, words, headers = error.status_code, _words(error), _headers(error)
        if isinstance(error, AuthenticationError) and (status in (401, 403) or "key" in words.lower()):
            return self.refused(401 if status is None else max(status, 401), words)
        if isinstance(error, RateLimitError):
            return self.refused(429, words, retry_after(headers))
        if error.error_type == "overloaded_error":
            return self.refused(503, words, retry_after(headers))
        if status is not None and status >= 300:
            return self.refused(status, words, retry_after(headers))
        return self._broken(error) or self._unsaid(error, words)

    def _broken(self, error: AnyLLMError) -> ModelError | None:
        """No answer came, or not all of it; None for anything else."""
        for name in _causes(error):
            if "Timeout" in name:
                return self.late(f"no answer in {self.timeout:g} seconds.")
            if name in _NO_CONNECTION:
                return self.unreachable("no connection can be made.")
            if name in _CUT:
                return self.cut("the connection was closed in the middle.")
        return None

    def _unsaid(self, error: AnyLLMError, words: str) -> ModelError:
        """The vendor said nothing of it: the library won't ask so, or can't read what was answered."""
        from any_llm.exceptions import InvalidRequestError, UnsupportedParameterError

        if isinstance(error, InvalidRequestError | UnsupportedParameterError):
            return ModelError(f"The upstream '{self.name}' can't be asked so: {words}", 400)
        return self.failed(words if error.status_code else f"its answer can't be read: {words}")


#: Vendors' clients bring HTTP libraries of their own, which agree on names alone.
_NO_CONNECTION = frozenset(
    {"ConnectError", "ConnectionRefusedError", "EndpointConnectionError", "ClientConnectorError", "gaierror"}
)
_CUT = frozenset({"RemoteProtocolError", "ReadError", "ClientPayloadError", "ServerDisconnectedError", "ConnectionResetError"})


def _causes(error: AnyLLMError) -> list[str]:
    """The names of what a failure came from, the first cause first, each with the names of its kinds."""
    chain: list[BaseException] = []
    cause: BaseException | None = error.original_exception
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return [kind.__name__ for cause in reversed(chain) for kind in type(cause).__mro__]


def _words(error: AnyLLMError) -> str:
    """What the vendor said, where its client kept the body, in whatever way."""
    body = getattr(error.original_exception, "body", None) or getattr(error.original_exception, "details", None)
    words = first_words(body, "message", "error") if isinstance(body, dict) else ""
    return words or error.message


def _headers(error: AnyLLMError) -> Mapping[str, str]:
    """The headers of the vendor's answer, where its client kept it."""
    cause = error.original_exception
    headers = getattr(cause, "headers", None) or getattr(getattr(cause, "response", None), "headers", None)
    return headers if isinstance(headers, Mapping) else {}
