"""The command line, `aix`. A file for each command; this one is the boundary where errors become sentences."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any, NoReturn, TextIO


def main() -> NoReturn:
    """Run `aix`. Exit status: 0 done, 1 it failed, 2 it can't be done as asked, 130 interrupted."""
    warnings.showwarning = _show_warning
    try:
        from aixplain.cli.app import app

        try:
            app(prog_name="aix")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        _silence(sys.stdout)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the boundary: what is known becomes a sentence, the rest is raised as it is
        from aixplain.cli.failures import status_and_sentence

        status, sentence = status_and_sentence(error)
        if isinstance(error, OSError):
            _silence(sys.stdout)
        _stop(f"aix: {sentence}", status)
    sys.exit(0)


def _silence(stream: TextIO) -> None:
    """What is left in a stream that can't be written would fail again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _stop(sentence: str, status: int) -> NoReturn:
    sys.stderr.write(sentence + "\n")
    sys.exit(status)


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    sys.stderr.write(f"aix: {message}\n")
