"""The command line, `aix`. A file for each command; this one is the boundary where errors become sentences."""

from __future__ import annotations

import io
import os
import sys
import warnings
from typing import Any, NoReturn, TextIO


def main() -> NoReturn:
    """Run `aix`. Exit status: 0 done, 1 it failed, 2 it can't be done as asked, 130 interrupted."""
    warnings.showwarning = _show_warning
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # where the terminal's encoding lacks a letter, as stderr does
    try:
        if "_AIX_COMPLETE" in os.environ:  # a shell asks, as `aix completion` told it to
            from aixplain.cli.completing import answer

            answer()
            sys.exit(0)
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
        sys.exit(_told(error))
    sys.exit(0)


def _told(error: Exception) -> int:
    """Tell of an error in a sentence; the exit status that it ends with."""
    from aixplain.cli.failures import status_and_sentence
    from aixplain.cli.output import note

    status, sentence = status_and_sentence(error)
    try:
        sys.stdout.flush()
    except OSError:
        _silence(sys.stdout)
    note(f"aix: {sentence}")
    return status


def _silence(stream: TextIO) -> None:
    """What is left in a stream that can't be written would fail again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    from aixplain._wire.control_characters import escape_lines

    sys.stderr.write(f"aix: {escape_lines(str(message))}\n")
