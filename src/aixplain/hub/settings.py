"""What whoever runs a hub decides about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """`answers_kept` and `files_kept` are seconds: of an answer since its run ended, of a file since a run last took it.

    An answer that is not kept any more can't be polled, nor given again to its idempotency key; the run stays listed.
    `keeps_contents` keeps what went into every run, and what came out of it, in the ledger for as long as answers are kept;
    else inputs go when a run ends, and answers are kept where somebody may ask for them again. `private_webhooks` lets callers
    have webhooks sent to addresses that only this machine or its neighbours reach, and over plain http.
    """

    answers_kept: float = 24 * 3600.0
    files_kept: float = 24 * 3600.0
    private_webhooks: bool = False
    keeps_contents: bool = False
