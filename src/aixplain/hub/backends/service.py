"""A service of somebody else behind this hub: its key, and its failures as whoever runs a model here is told of them."""

from __future__ import annotations

import os
from typing import Protocol, TypeVar

import msgspec

from aixplain._wire.errors import read_error
from aixplain.hub.backends import ModelError
from aixplain.hub.errors import NO_FIELDS, ErrorFields
from aixplain.hub.troubles import tell_trouble

T = TypeVar("T")

#: What the request is to blame for, or the account behind it, told as the service told it.
TOLD = {400: 400, 402: 402, 403: 403, 404: 404, 413: 413, 415: 400, 422: 400}
#: Of these, what another service may well do: an alias goes on.
ELSEWHERE = frozenset({402, 403, 404})
#: Codes of requests that another model may be able to serve.
ELSEWHERE_CODES = frozenset({"context_length_exceeded", "model_not_found", "insufficient_quota", "insufficient_credits"})
SUPPLIER = 485
#: Busy or down; the last one is how Anthropic says it.
BUSY = (503, 529)


class KeyProblem(ModelError):
    """The service has no use for this hub's key. Callers read the message, `advice` is for whoever runs the hub."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(f"{message}; the hub's log says what to set.", SUPPLIER)
        self.advice = advice
        tell_trouble(advice)


class StreamProblem(Protocol):
    """What a service says went wrong in a stream."""

    @property
    def words(self) -> str:
        """Its words."""
        ...

    @property
    def fields(self) -> ErrorFields:
        """What it tells programs."""
        ...


class Service:
    """A service, known here by its `name`.

    `key_env` names the variable of this process's environment that has its key; None for a service that wants none.
    """

    def __init__(self, name: str, key_env: str | None = None) -> None:
        self.name = name
        self.key_env = key_env
        self.places: tuple[str, ...] = ()
        """Where it is, which is for nobody but whoever runs the hub: its addresses, the longest first."""

    def key(self) -> str | None:
        """The key; None for a service that wants none. Raises `KeyProblem` when the variable has none of use."""
        if self.key_env is None:
            return None
        key = os.environ.get(self.key_env)
        if not key:
            raise self.lacks_key(self.key_env)
        if not (key.isascii() and key.isprintable()):  # the words of those who try to send it may have parts of it
            advice = f"The key in {self.key_env} has a line break, or a sign that is not ASCII: set it anew where the hub runs."
            raise KeyProblem(f"This hub's key for the upstream '{self.name}' can't be sent", advice)
        return key

    def lacks_key(self, variable: str) -> KeyProblem:
        """The variable of this process that should have the key has none."""
        advice = f"The upstream '{self.name}' needs a key: set {variable} in the hub's environment, and start it again."
        return KeyProblem(f"This hub has no key for the upstream '{self.name}'", advice)

    def failed(self, words: str, fields: ErrorFields = NO_FIELDS) -> ModelError:
        """It answered, and not as it should."""
        falls_back = fields.code in ELSEWHERE_CODES
        return ModelError(f"The upstream '{self.name}' failed: {words}", SUPPLIER, fields=fields, falls_back=falls_back)

    def late(self, words: object) -> ModelError:
        """It took longer than it may."""
        return ModelError(f"The upstream '{self.name}' was too slow: {words}", 504)

    def cut(self, words: object) -> ModelError:
        """Its answer broke off."""
        return ModelError(f"The answer of the upstream '{self.name}' was cut: {words}", SUPPLIER)

    def unreachable(self, words: object) -> ModelError:
        """No connection to it could be made."""
        return ModelError(f"The upstream '{self.name}' is not there: {words} Is it running?", 503)

    def stream_failed(self, error: StreamProblem) -> ModelError:
        """It broke its stream off, and said why."""
        return self.failed(self._clean(error.words), error.fields)

    def refused(self, status: int, words: str, retry_after: float | None = None, fields: ErrorFields = NO_FIELDS) -> ModelError:
        """What it says, with this HTTP status and these fields, of a request that it didn't carry out."""
        if status == 401 or (status == 403 and fields.code is None and "key" in words.lower()):
            return self._refused_key(status)
        words = self._clean(words)
        if status == 429:
            return ModelError(f"The upstream '{self.name}' has too many requests: {words}", 429, retry_after, fields=fields)
        if status in TOLD:
            falls_back = status in ELSEWHERE or fields.code in ELSEWHERE_CODES
            message = f"The upstream '{self.name}' refused the request: {words}"
            return ModelError(message, TOLD[status], retry_after, fields=fields, falls_back=falls_back)
        if status in (408, 504):
            return self.late(words)
        if status in BUSY:
            return ModelError(f"The upstream '{self.name}' is busy or down: {words}", 503, retry_after, fields=fields)
        return self.failed(words, fields)

    def _clean(self, words: str) -> str:
        """The service's words, without the key and the address if it repeats those."""
        key = os.environ.get(self.key_env) if self.key_env else None
        words = words.replace(key, "[key]") if key else words
        for place in self.places:
            words = words.replace(place, "[address]")
        return words

    def decoded(self, body: bytes, kind: type[T], otherwise: str) -> T:
        """A body of the service, read as it should be. Raises `ModelError`: it is `otherwise`."""
        try:
            return msgspec.json.decode(body, type=kind)
        except (ValueError, RecursionError) as error:
            raise self.failed(read_error(body)[0] or f"what it answered is {otherwise}.") from error

    def _refused_key(self, status: int) -> ModelError:
        """The words of the service are for nobody: they may have parts of the key."""
        if self.key_env is None:
            advice = (
                f"The upstream '{self.name}' wants a key, or another ({status}): name the variable that has it with --key-env."
            )
        else:
            advice = (
                f"The upstream '{self.name}' refused the key in {self.key_env} ({status}): set another one where the hub runs."
            )
        return KeyProblem(f"The upstream '{self.name}' refused this hub's key", advice)
