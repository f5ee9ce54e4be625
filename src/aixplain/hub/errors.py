"""What the hub refuses, and why it can't start or go on."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is answered with an error of the protocol; `retry_after` is in how many seconds it may come again."""

    def __init__(self, status: int, message: str, retry_after: float | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after = retry_after
        self.code = code
        """A word for programs, such as `context_length_exceeded`."""


class HubError(Exception):
    """The hub can't start or go on; the message is a sentence for whoever runs it.

    `told` is the sentence for callers, where the message has what is none of their business, such as the address of a database
    or the path of a file.
    """

    def __init__(self, message: str, told: str | None = None) -> None:
        super().__init__(message)
        self.told = message if told is None else told
