"""Binary data in answers: what a terminal shows in its place."""

from __future__ import annotations

import re

#: A data: address in base64, and base64 without an address: a text of this length without a space is nothing to read.
_ADDRESS = re.compile(
    r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.+-]+=[^;,\s\"]+)*);base64,([A-Za-z0-9+/_%-]{64,}={0,2})", re.IGNORECASE
)
_BARE = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{1000,}={0,2}")


def summarize_media(text: str) -> str:
    """Replace base64 by a few words: its type, its size, and how to save it."""
    text = _ADDRESS.sub(lambda found: _words(found[1] or "data", found[3]), text)
    return _BARE.sub(lambda found: _words("base64", found[0]), text)


def _words(kind: str, base64: str) -> str:
    size = len(base64.rstrip("=")) * 3 // 4
    return f"[{kind}, {readable_size(size)}; add -o FILE to `aix run` to save it, or pipe the output]"


def readable_size(count: int) -> str:
    """A number of bytes in the unit that fits.

    >>> [readable_size(count) for count in (1, 999, 25600, 3_400_000)]
    ['1 byte', '999 bytes', '25.6 kB', '3.4 MB']
    """
    if count < 1000:
        return f"{count} byte{'' if count == 1 else 's'}"
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"
