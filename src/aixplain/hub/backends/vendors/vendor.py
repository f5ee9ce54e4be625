"""One vendor: the library's client of it, opened when it is first asked."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from collections.abc import AsyncIterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from aixplain.hub.backends import ModelError
from aixplain.hub.backends.service import SUPPLIER, Service
from aixplain.hub.backends.vendors.dialects import dialect_of
from aixplain.hub.backends.vendors.failures import failure_of
from aixplain.hub.per_loop import PerLoop

if TYPE_CHECKING:
    from any_llm import AnyLLM

HOW_TO_INSTALL = "pip install 'aixplain-models[hub,vendors]'"

#: The clients by vendor, address and key. They last as long as their loop, because the library can't close one.
_clients: PerLoop[dict[tuple[str, str, str | None], AnyLLM]] = PerLoop(lambda loop: {})


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
            raise failure_of(error, self) from error
        except (NotImplementedError, ValueError) as error:
            # What the library finds out before it asks.
            raise self.unaskable(error) from error

    def unaskable(self, words: object) -> ModelError:
        """The request is none that can be put to this vendor."""
        return ModelError(f"The upstream '{self.name}' can't be asked so: {words}", 400)

    def limits(self, client: AnyLLM) -> dict[str, Any]:
        """The seconds of a request, where the vendor's own client can be told them; the hub's limit holds anyway."""
        return {} if client.TIMEOUT_SUPPORT == "unsupported" else {"timeout": self.timeout}

    async def _opened(self) -> AnyLLM:
        """The client, made when first asked for: in a thread, because to load the library takes a second or two."""
        key = self.key()
        clients = _clients.here()
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
