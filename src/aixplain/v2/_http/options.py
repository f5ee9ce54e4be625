"""How connections are made."""

from __future__ import annotations

import sys
from typing import NamedTuple

from aixplain.v2._flow import MAX_RESPONSE_BYTES


class Options(NamedTuple):
    """`direct` passes by the proxies that the environment names; times are in seconds, None for no limit.

    At most `max_connections` are open at once, and further requests wait for one; None is what the process may open. A response
    that is read whole has at most `max_response_bytes`, decompressed.
    """

    direct: bool = False
    connect_timeout: float | None = 10.0
    read_timeout: float | None = None
    max_connections: int | None = None
    max_response_bytes: int = MAX_RESPONSE_BYTES


def connection_limit(options: Options) -> int:
    """Return how many connections one client may have open: other files of the process need room too."""
    if options.max_connections is not None:
        return options.max_connections
    if sys.platform == "win32":
        return MAX_CONNECTIONS
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(MAX_CONNECTIONS, soft * 3 // 4))


#: What one client opens where the system allows more.
MAX_CONNECTIONS = 1000
#: Idle connections to one place that are kept.
MAX_IDLE = 128


#: An idle connection is dropped sooner than a server drops it (uvicorn: 5 s; most balancers: 60 s).
KEEP_IDLE = 4.0
#: Bytes that are read at once.
PIECE = 16384
