"""What the hub refuses, and why it can't start or go on."""

from __future__ import annotations

from typing import Any, NamedTuple


class ErrorFields(NamedTuple):
    """What an error tells programs, in the words of services that speak OpenAI; None for what isn't told.

    `code` is a word such as `context_length_exceeded`, `param` the part of the request that is at fault, `type` the kind.
    """

    code: str | None = None
    param: str | None = None
    type: str | None = None

    @classmethod
    def read(cls, error: Any) -> ErrorFields:
        """Read them from an error of a service, whatever it is. Numbers, which some give as codes, say nothing.

        >>> ErrorFields.read({"message": "no", "code": 404, "param": "model"})
        ErrorFields(code=None, param='model', type=None)
        """
        if not isinstance(error, dict):
            return NO_FIELDS
        told = [error.get(name) for name in cls._fields]
        return cls(*(each if isinstance(each, str) and each and not each.isdigit() else None for each in told))


NO_FIELDS = ErrorFields()


class Refusal(Exception):
    """A request that is answered with an error of the protocol; `retry_after` is in how many seconds it may come again."""

    def __init__(self, status: int, message: str, retry_after: float | None = None, fields: ErrorFields = NO_FIELDS) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after
        self.fields = fields


class HubError(Exception):
    """The hub can't start or go on; the message is a sentence for whoever runs it.

    `told` is the sentence for callers, where the message has what is none of their business, such as the address of a database
    or the path of a file.
    """

    def __init__(self, message: str, told: str | None = None) -> None:
        super().__init__(message)
        self.told = message if told is None else told
