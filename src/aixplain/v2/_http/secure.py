"""Whom a secure connection trusts: the authorities of this machine, or those that SSL_CERT_FILE or SSL_CERT_DIR name."""

from __future__ import annotations

import ssl
from functools import cache


@cache
def context() -> ssl.SSLContext:
    """The one context of the process; reading the authorities takes 10 ms."""
    made = ssl.create_default_context()
    made.set_alpn_protocols(["http/1.1"])
    return made
