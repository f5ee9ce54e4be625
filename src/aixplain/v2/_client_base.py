"""What both colours of a client share: its settings, its transport, and nothing with another client."""

from __future__ import annotations

import os
from _thread import RLock  # threading is slow to import
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from aixplain.v2._settings import Settings
from aixplain.v2.exceptions import ConfigurationError

if TYPE_CHECKING:
    from aixplain.v2._http.options import Options
    from aixplain.v2._model_base import ModelBase

ModelT = TypeVar("ModelT", bound="ModelBase")
TransportT = TypeVar("TransportT")


class EmbeddedHub(Protocol):
    """The hub that `local` starts, as the SDK knows it."""

    url: str
    key: str

    def wait_until_ready(self) -> None:
        """Return once it answers; raise what kept it from starting."""

    def close(self) -> None:
        """Stop it."""


class ClientBase(Generic[TransportT]):
    """One client. What is slow to load is loaded by the first call that needs it.

    A transport that the client made belongs to the process: a forked child makes one of its own, and leaves the
    inherited one alone. A transport that was passed is its maker's to share or not.
    """

    settings: Settings

    def __init__(self, settings: Settings, transport: TransportT | None) -> None:
        self.settings = settings
        settings.client = self
        self._given = transport
        self._opened = transport
        self._process = _process
        self._hub: EmbeddedHub | None = None
        self._hub_process = 0

    @property
    def backend_url(self) -> str:
        """Where the catalog is."""
        return self.settings.backend_url

    @property
    def model_url(self) -> str:
        """Where models are run."""
        return self.settings.model_url

    def __repr__(self) -> str:
        settings: Settings | None = vars(self).get("settings")  # None in the traceback of one that can't be made
        return f"{type(self).__name__}({f'backend_url={settings.backend_url!r}' if settings else ''})"

    def __copy__(self) -> Self:
        """A client with the same settings and connections of its own. A transport that was passed is shared."""
        twin = type(self).__new__(type(self))
        ClientBase.__init__(twin, self.settings.copy(), self._given)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        memo[id(self)] = twin = self.__copy__()
        return twin

    def __getstate__(self) -> Settings:
        if self._given is not None:
            raise ConfigurationError(
                "A client with a transport of its own can't be pickled: make a client in each process instead"
            )
        return self.settings

    def __setstate__(self, settings: Settings) -> None:
        ClientBase.__init__(self, settings, None)

    @property
    def _transport(self) -> TransportT:
        opened = self._opened
        return opened if opened is not None and self._process == _process else self._open()

    def _open(self) -> TransportT:
        with _opening:
            if self._opened is None or self._process != _process:
                if self._opened is not None:
                    _inherited.append(self._opened)
                self._opened = self._given if self._given is not None else self._make_transport()
                self._process = _process
            return self._opened

    def _bound(self, kind: type[ModelT]) -> type[ModelT]:
        """The models of this client: one class, whatever thread comes first."""
        bound: type[ModelT] = vars(self).get("_models") or vars(self).setdefault("_models", kind.bound_to(self))
        return bound

    def _options(self) -> Options:
        from aixplain.v2._http.options import Options

        settings = self.settings
        return Options(
            direct=settings.is_loopback,
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            max_response_bytes=settings.max_response_bytes,
        )

    def _make_transport(self) -> TransportT:
        raise NotImplementedError

    def _take_transport(self) -> TransportT | None:
        """The transport, to close it; None when this process has opened none. The next call makes a new one."""
        if self._process != _process:
            return None
        opened, self._opened = self._opened, self._given
        return opened

    def _attach(self, hub: EmbeddedHub) -> None:
        self._hub, self._hub_process = hub, _process

    def _detach(self) -> EmbeddedHub | None:
        """The hub that closing the client stops: one of this process, and no forked child's."""
        hub, self._hub = self._hub, None
        return hub if self._hub_process == _process else None


#: Transports of the parent, in a forked child. To collect them would reach for their sockets.
_inherited: list[object] = []
_opening = RLock()


_process = os.getpid()


def _begin_child() -> None:
    global _opening, _process  # a thread that held the lock is not in the child
    _opening = RLock()
    _process = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_child)


def check_own_times(transport: object, **times: float | None) -> None:
    """Raise `ConfigurationError` for times that a transport which was passed would not keep."""
    named = [name for name, value in times.items() if value is not None]
    if transport is not None and named:
        raise ConfigurationError(f"{named[0]} is the business of the transport that you pass: set it there.")
