"""What whoever runs a hub decides about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """`answers_kept` and `files_kept` are seconds: of an answer since its run ended, of a file since a run last took it.

    An answer that is not kept any more can't be polled, nor given again to its idempotency key; the run stays listed.
    `private_webhooks` lets callers have webhooks sent to addresses that only this machine or its neighbours reach, and over
    plain http.
    """

    answers_kept: float = 24 * 3600.0
    files_kept: float = 24 * 3600.0
    private_webhooks: bool = False
