"""Where a client sends what, with which key: arguments, then environment, then profile, then the platform.

A place is an address of the catalog and one for runs, and one source names both: whatever names a part of a place
names all of it. A key belongs to the place that its source names, and is sent to no other. Two sources speak for any
place: an `api_key` that is passed, and the environment's key for a `backend_url` that is passed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from aixplain._wire.durations import LONGEST, seconds_of
from aixplain.v2._addresses import LOOPBACK, absolute, check_address, host_of, origin
from aixplain.v2._flow import MAX_RESPONSE_BYTES
from aixplain.v2.exceptions import ConfigurationError

if TYPE_CHECKING:
    from aixplain.v2._profiles import Profile

__all__ = ["Key", "Settings", "absolute", "conceal", "concealed", "host_of", "origin", "resolve"]

PLATFORM_CATALOG = "https://platform-api.aixplain.com"
PLATFORM_RUNS = "https://models.aixplain.com/api/v2/execute"
RUN_PATH = "/api/v2/execute"
#: Seconds in which a connection must stand.
CONNECT_TIMEOUT = 10.0
MAX_RESPONSE_BYTES_VARIABLE = "AIXPLAIN_MAX_RESPONSE_BYTES"
KEY_VARIABLES = ("TEAM_API_KEY", "AIXPLAIN_API_KEY")


class Key(str):
    """A secret that travels as it is and shows itself nowhere: not in a repr, and so not among a traceback's variables.

    >>> {"x-api-key": Key("secret")}
    {'x-api-key': '…'}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


def concealed(api_key: str | None) -> Key | None:
    """A key that was passed as plain text, from here on hidden; None for none. Raises `ConfigurationError` for another type."""
    if api_key is not None and not isinstance(api_key, str):
        raise ConfigurationError(f"An API key is a text, not a {type(api_key).__name__}")
    return Key(api_key) if api_key else None


def conceal(options: Any) -> None:
    """Hide the key among the options of a call, if there is one."""
    if "api_key" in options:
        options["api_key"] = concealed(options["api_key"])


class Settings:
    """One client's addresses, key and manners. The key is never shown.

    All of it stays as it was made, but for `keeps_keys`: whether the service that runs models, `runs_at`, has said
    that it keeps idempotency keys. `is_patient` is whether a request waits for a service that asks to be left alone.
    """

    __slots__ = (
        "_own",
        "api_key",
        "backend_url",
        "client",
        "connect_timeout",
        "is_patient",
        "keeps_keys",
        "max_response_bytes",
        "model_url",
        "read_timeout",
        "runs_at",
        "strict",
        "trusted",
    )

    client: Any
    """The client that these are of: what it gave finds its way back to it."""

    def __init__(
        self,
        api_key: str | None,
        backend_url: str,
        model_url: str,
        trusted: frozenset[str],
        strict: bool = False,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        self.max_response_bytes = max_response_bytes
        self.api_key = concealed(api_key)
        self.keeps_keys, self.is_patient = False, True
        self.backend_url = backend_url
        self.model_url = model_url
        self._own = (backend_url + "/", model_url + "/")
        self.runs_at = origin(model_url) + "/"
        self.trusted = trusted
        self.strict = strict
        self.connect_timeout = connect_timeout
        self.read_timeout = read_timeout

    def copy(self) -> Settings:
        """The same settings, for another client."""
        twin = object.__new__(Settings)
        for name in Settings.__slots__:
            setattr(twin, name, getattr(self, name))
        return twin

    def __repr__(self) -> str:
        return f"Settings(backend_url={self.backend_url!r}, model_url={self.model_url!r}, strict={self.strict})"

    @property
    def is_loopback(self) -> bool:
        """Whether the service runs on this machine."""
        return host_of(self.backend_url) in LOOPBACK

    def trusts(self, url: str) -> bool:
        """Whether the key may travel to this address."""
        if url.startswith(self._own) or origin(url) in self.trusted:
            return True
        return url.startswith("https:") and host_of(url) in self.trusted

    def check_trusted(self, url: str) -> None:
        """Raise `ConfigurationError` unless the key may travel to this address."""
        if not url.startswith(self._own) and not self.trusts(url):  # the first alone decides nearly always
            raise ConfigurationError(
                f"{origin(url) or url!r} is not an address of this client, so the key is not sent to it and nothing was "
                "asked. If you trust that host, name it in AIXPLAIN_TRUSTED_HOSTS."
            )


class Source(Protocol):
    """One that says where to send what. `called` is its name in a message."""

    called: str
    backend_url: str | None
    model_url: str | None

    @property
    def has_key(self) -> bool:
        """Whether it says a key."""
        ...

    def key(self) -> Key | None:
        """The key; finding it may take a while, and fail with `ConfigurationError`."""
        ...


class Environment:
    """What the variables of this process say. Of the two keys the first one that is set counts."""

    def __init__(self) -> None:
        variables = os.environ
        self.backend_url = variables.get("BACKEND_URL") or None
        self.model_url = variables.get("MODELS_RUN_URL") or None
        named = [name for name in KEY_VARIABLES if variables.get(name)]
        self.called = named[0] if named else "the environment"
        self._key = concealed(variables[named[0]]) if named else None

    @property
    def has_key(self) -> bool:
        """Whether one of the variables is set."""
        return self._key is not None

    def key(self) -> Key | None:
        """The key."""
        return self._key


def resolve(
    api_key: str | None = None,
    backend_url: str | None = None,
    model_url: str | None = None,
    *,
    strict: bool | None = None,
    connect_timeout: float | None = None,
    read_timeout: float | None = None,
    max_response_bytes: int | None = None,
    profile: str | None = None,
) -> Settings:
    """Fill in what the arguments leave open. Raises `ConfigurationError`."""
    chosen = read_profile(profile)
    sources = by_strength(Environment(), chosen, named=profile is not None)
    catalog, runs = the_place(backend_url, model_url, sources)
    for url in (catalog, runs):
        check_address(url)
    key = api_key or _key_for((catalog, runs), _given(backend_url, model_url), sources)
    check_key(key)
    if chosen is not None:
        strict = chosen.strict if strict is None else strict
        connect_timeout = chosen.connect_timeout if connect_timeout is None else connect_timeout
        read_timeout = chosen.read_timeout if read_timeout is None else read_timeout
    return Settings(
        key,
        catalog,
        runs,
        _trusted(catalog, runs),
        bool(strict),
        CONNECT_TIMEOUT if connect_timeout is None else seconds("connect_timeout", connect_timeout),
        None if read_timeout is None else seconds("read_timeout", read_timeout),
        max_response_bytes_of(chosen, named=profile is not None)[0]
        if max_response_bytes is None
        else size("max_response_bytes", max_response_bytes),
    )


def max_response_bytes_of(profile: Profile | None, *, named: bool) -> tuple[int, str]:
    """The size in bytes, and what sets it: the environment is stronger than a profile that was not `named`."""
    said = os.environ.get(MAX_RESPONSE_BYTES_VARIABLE)
    if profile is not None and profile.max_response_bytes is not None and (named or not said):
        return profile.max_response_bytes, profile.called
    if not said:
        return MAX_RESPONSE_BYTES, ""
    number = int(said) if said.isascii() and said.isdigit() and len(said) < 20 else said
    return size(MAX_RESPONSE_BYTES_VARIABLE, number), MAX_RESPONSE_BYTES_VARIABLE


def size(name: str, value: Any) -> int:
    """A number of bytes that somebody set. Raises `ConfigurationError` for what is none.

    >>> size("max_response_bytes", 1_000_000)
    1000000
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"{name} is a number of bytes above 0, not {value!r}")
    return value


def check_key(key: str | None) -> None:
    """Raise `ConfigurationError` for a key that is an address, or that no header can carry. None is no key."""
    if key is None:
        return
    if "://" in key:
        raise ConfigurationError(
            "This API key is an address. Pass it as backend_url: Aixplain(backend_url=…), or Aixplain(api_key, backend_url)."
        )
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError("The API key has a character that no header can carry; was it copied whole?")


def seconds(name: str, value: Any) -> float:
    """A time that somebody set. Raises `ConfigurationError` for what is none.

    >>> seconds("read_timeout", 5)
    5.0
    """
    try:
        return min(seconds_of(name, value, zero=False), LONGEST)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


# --- Who says what --------------------------------------------------------------------------------


def config_path() -> str:
    """Where this user's profiles are, whether there are any or not."""
    variables = os.environ
    if named := variables.get("AIXPLAIN_CONFIG"):
        return named
    base = variables.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111 - pathlib is slow to import
    return f"{base}/aixplain/config.toml"


def read_profile(named: str | None = None) -> Profile | None:
    """The profile of this name, of AIXPLAIN_PROFILE, or the file's own choice; None where there is none."""
    wanted = named or os.environ.get("AIXPLAIN_PROFILE") or None
    path = config_path()
    if wanted is None and not os.path.exists(path):  # noqa: PTH110 - as above
        return None
    from aixplain.v2 import _profiles  # most people have none

    return _profiles.choose(path, wanted)


def by_strength(environment: Environment, profile: Profile | None, *, named: bool) -> list[Source]:
    """The strongest first. The environment is stronger than the file, but not than `profile=`, which is an argument."""
    if profile is None:
        return [environment]
    return [profile, environment] if named else [environment, profile]


# --- Where to -------------------------------------------------------------------------------------


def place(backend_url: str | None, model_url: str | None) -> tuple[str, str]:
    """Catalog and runs, where the one follows from the other.

    >>> place("http://127.0.0.1:8180/", None)
    ('http://127.0.0.1:8180', 'http://127.0.0.1:8180/api/v2/execute')
    """
    catalog = (backend_url or PLATFORM_CATALOG).rstrip("/")
    runs = model_url or (PLATFORM_RUNS if catalog == PLATFORM_CATALOG else catalog + RUN_PATH)
    return catalog, runs.rstrip("/")


def the_place(backend_url: str | None, model_url: str | None, sources: Sequence[Source]) -> tuple[str, str]:
    """Catalog and runs of a client: as given, else as the first source says that names any of the two."""
    if backend_url:
        return place(backend_url, model_url)
    for source in sources:
        if source.backend_url or source.model_url:
            return place(source.backend_url, model_url or source.model_url)
    return place(None, model_url)


def _given(backend_url: str | None, model_url: str | None) -> set[str]:
    """The origins that were passed as arguments."""
    urls = place(backend_url, model_url) if backend_url else (model_url or "",)
    return set(map(origin, urls))


def _trusted(catalog: str, runs: str) -> frozenset[str]:
    named = os.environ.get("AIXPLAIN_TRUSTED_HOSTS", "").split(",")
    return frozenset({origin(catalog), origin(runs), *(host.strip() for host in named if host.strip())})


# --- With which key -------------------------------------------------------------------------------


def _key_for(urls: tuple[str, str], given: set[str], sources: Sequence[Source]) -> Key | None:
    """The key of the strongest source that may send its own there. Raises `ConfigurationError` when the platform gets none."""
    withheld = []
    for source in sources:
        if not source.has_key:
            continue
        if may_go(source, urls, given):
            return source.key()
        withheld.append(f"The key of {source.called} is for {origin(place(source.backend_url, source.model_url)[0])} alone.")
    if urls[0] != PLATFORM_CATALOG:
        return None
    raise ConfigurationError(
        " ".join(
            [
                "API key is required: set TEAM_API_KEY or AIXPLAIN_API_KEY, or pass Aixplain(api_key=…).",
                *withheld,
                "Without a key, Aixplain.local() runs models on this machine.",
            ]
        )
    )


def may_go(source: Source, urls: tuple[str, str], given: set[str]) -> bool:
    """Whether the key of a source may travel to both of these addresses."""
    own = set(map(origin, place(source.backend_url, source.model_url)))
    if isinstance(source, Environment):
        own |= given
    return own.issuperset(map(origin, urls))
