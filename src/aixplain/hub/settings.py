"""What whoever runs a hub decides about it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, fields

from aixplain.hub.files.quota import Quota

#: More than any of them needs; infinity and NaN are none of them.
MOST = 1e15


@dataclass(frozen=True, slots=True)
class Settings:
    """All have defaults. Raises ValueError for a number that makes no sense.

    `answers_kept` and `files_kept` are seconds: of an answer since its run ended, of a file since a run last took it.

    An answer that is not kept any more can't be polled, nor given again to its idempotency key; the run stays listed.
    `keeps_contents` keeps what went into every run, and what came out of it, in the ledger for as long as answers are kept;
    else inputs go when a run is finished, and answers are kept where somebody may ask for them again. `private_webhooks` lets
    callers have webhooks sent to addresses that only this machine or its neighbours reach, and over plain http.

    Files that are sent up have at most `largest_file` bytes, those of one key together `files_per_key`, and all, with those
    that models make, `files_total`. A key has at most `most_announced` uploads that have not come; they are expected for
    `announced_kept` seconds.

    What is beyond these is refused: a JSON body of more than `largest_body` bytes or `most_values` values, a connection beside
    `most_connections`, an answer in pieces beside `most_streams`, a run in the background while `longest_queue` others wait.
    Connections are closed that send no whole head in `header_timeout` seconds, nothing more of a body in `body_timeout`, a body
    that comes, once `body_timeout` is over, at less than `body_rate` bytes a second on average (0: however slowly), or no
    further request in `keep_alive`. A hub that stops gives what goes on `grace` seconds to end.

    A hub behind a reverse proxy is at the path `root_path` for its callers, such as `/hub`, or at all of `public_url`, which is
    for a proxy that doesn't tell its own host. `X-Forwarded-Proto`, `-Host` and `-Prefix` are believed of `trusted_proxies`, IP
    addresses and networks.
    """

    answers_kept: float = 24 * 3600.0
    files_kept: float = 24 * 3600.0
    private_webhooks: bool = False
    keeps_contents: bool = False
    largest_file: int = 300 * 1024**2
    files_per_key: int = 5 * 1024**3
    files_total: int = 20 * 1024**3
    most_announced: int = 1000
    announced_kept: float = 3600.0
    largest_body: int = 10 * 1024 * 1024
    most_values: int = 250_000
    most_connections: int = 10_000
    most_streams: int = 5_000
    longest_queue: int = 100_000
    header_timeout: float = 10.0
    body_timeout: float = 30.0
    body_rate: float = 500.0
    keep_alive: float = 75.0
    grace: float = 5.0
    root_path: str = ""
    public_url: str | None = None
    trusted_proxies: tuple[str, ...] = ("127.0.0.0/8", "::1")

    @property
    def quota(self) -> Quota:
        """How much may be stored."""
        return Quota(self.largest_file, self.files_per_key, self.files_total, self.most_announced, self.announced_kept)

    def __post_init__(self) -> None:
        _check_addresses(self)
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, float | int) and not 0 <= value < MOST:
                raise ValueError(f"{each.name} is a number from 0, and not {value!r}.")


def _check_addresses(settings: Settings) -> None:
    if settings.root_path and not re.fullmatch(r"(?:/[\w.~%!$&'()*+;=:@-]+)*/?", settings.root_path, re.ASCII):
        raise ValueError(f"root_path is a path such as /hub, and not {settings.root_path!r:.100}.")
    if settings.public_url is not None and not re.fullmatch(r"https?://[^\s/?#\"\\@]+(?:/[^\s?#\"\\]*)?", settings.public_url):
        raise ValueError(f"public_url is an address such as https://example.com/hub, and not {settings.public_url!r:.100}.")
    for proxy in settings.trusted_proxies:
        try:
            if proxy != "*":
                ipaddress.ip_network(proxy, strict=False)
        except ValueError as error:
            raise ValueError(f"trusted_proxies are IP addresses and networks, or *, and not {proxy!r:.100}.") from error
