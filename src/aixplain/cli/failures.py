"""Which errors are sentences, and with which exit status they end `aix`."""

from __future__ import annotations

from aixplain.v2.exceptions import AixplainV2Error, ConfigurationError, FileUploadError, ValidationError


class Failure(Exception):
    """Something went wrong on the way; the message is a sentence."""


class UsageProblem(Exception):
    """What was typed can't be done; the message is a sentence."""


def status_and_sentence(error: Exception) -> tuple[int, str]:
    """2 for what was asked wrongly, 1 for what went wrong. Raises what is a mistake in this program."""
    if isinstance(error, UsageProblem | ValidationError | ConfigurationError | FileUploadError):
        return 2, str(error)
    if isinstance(error, AixplainV2Error | Failure):
        return 1, str(error)
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("aixplain"):
        return 1, f"This needs {error.name}, which is not installed: pip install 'aixplain-models[hub]'"
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return 1, f"This machine refused to read or write: {error.strerror or error}{where}."
    if isinstance(error, UnicodeEncodeError):
        return 2, "What was typed is no UTF-8 text. Put it into a file and name it with @FILE, or pipe it in."
    raise error
