"""How much may be stored: limits on one file, on the files of a key, on all files, and on uploads that never come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aixplain.hub.errors import Refusal

MB = 1024**2
#: Seconds after which a caller who has announced too much may try again.
AGAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Quota:
    """Bytes of one file, of all files of a key and of all files; uploads of a key that were announced and have not come, and
    the seconds for which they may still come. Numbers as those of `Settings`.
    """

    largest_file: int = 300 * MB
    per_key: int = 5 * 1024 * MB
    total: int = 20 * 1024 * MB
    announced: int = 1000
    announced_kept: float = 3600.0

    def check_file(self, size: int) -> None:
        """Raise `Refusal` for a file that is larger than any may be."""
        if size > self.largest_file:
            raise Refusal(
                413, f"The file is larger than {_size(self.largest_file)}, the most that this hub takes (largest_file)."
            )

    def check_stored(self, *, own: int | None, total: int) -> None:
        """Raise `Refusal` for so many bytes of a key (None: of the hub's own outputs), and of all together."""
        if own is not None and own > self.per_key:
            raise Refusal(
                507,
                f"The files of this key would be more than {_size(self.per_key)}, the most that this hub keeps for one "
                "(files_per_key). They are removed some time after they were last used; send the file again then.",
            )
        if total > self.total:
            raise Refusal(
                507,
                f"The files on this hub would be more than {_size(self.total)}, the most that it keeps (files_total). "
                "They are removed some time after they were last used; whoever runs the hub can raise the limit.",
            )

    def check_announced(self, number: int) -> None:
        """Raise `Refusal` for one more upload of a key that has announced so many."""
        if number >= self.announced:
            raise Refusal(
                429,
                f"This key has announced {number:,} uploads that have not come, the most that this hub waits for "
                "(most_announced). Send those first, or wait until they expire.",
                AGAIN_SECONDS,
            )


class Stored:
    """What is stored: bytes by key, also of uploads that are on their way, and uploads that were announced and not begun."""

    def __init__(self) -> None:
        self.bytes: defaultdict[str | None, int] = defaultdict(int)
        self.announced: defaultdict[str | None, int] = defaultdict(int)

    @property
    def total(self) -> int:
        """The bytes of all."""
        return sum(self.bytes.values())


async def counted(
    chunks: AsyncIterator[bytes], quota: Quota, note: Callable[[int], None] = lambda _: None
) -> AsyncIterator[bytes]:
    """The chunks of a file that is not too large; each is noted, which raises `Refusal` when it is one too many."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        quota.check_file(size)
        note(len(chunk))
        yield chunk


def _size(number: int) -> str:
    """Bytes for people.

    >>> _size(300 * MB), _size(5 * 1024 * MB), _size(1000)
    ('300 MB', '5 GB', '1,000 bytes')
    """
    if number < MB:
        return f"{number:,} bytes"
    return f"{number / MB:.3g} MB" if number < 1024 * MB else f"{number / 1024 / MB:.3g} GB"
