"""The command line, `aix`. A file for each command; this one is the boundary where errors become sentences."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from typing import Any


def main() -> None:
    """Run `aix`. Exit status: 0 done, 1 it failed, 2 it can't be done as asked, 130 interrupted."""
    try:
        from aixplain.cli.app import app
    except ModuleNotFoundError as error:
        _stop(f"aix needs {error.name}, which is not installed: pip install 'aixplain-models[hub]'", 1)
    from aixplain.cli.failures import status_and_sentence

    warnings.showwarning = _show_warning
    logging.getLogger().addHandler(logging.NullHandler())  # a hub of aix's own fails in sentences, not in its log
    try:
        app()
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        _stop("", 130)
    except Exception as error:  # the boundary: what is known becomes a sentence, what isn't is raised as it is
        status, sentence = status_and_sentence(error)
        _stop(f"aix: {sentence}", status)


def _stop(sentence: str, status: int) -> None:
    if sentence:
        sys.stderr.write(sentence + "\n")
    sys.exit(status)


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    sys.stderr.write(f"aix: {message}\n")


if __name__ == "__main__":
    main()
