"""How connections are made."""

from __future__ import annotations

from typing import NamedTuple


class Options(NamedTuple):
    """`direct` passes by the proxies that the environment names; times are in seconds."""

    direct: bool = False
    connect_timeout: float = 10.0
    read_timeout: float | None = None


#: An idle connection is dropped sooner than a server drops it (uvicorn: 5 s; most balancers: 60 s).
KEEP_IDLE = 4.0
#: Bytes that are read at once.
PIECE = 16384
