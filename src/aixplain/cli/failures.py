"""Which errors are sentences, and with which exit status they end `aix`."""

from __future__ import annotations

from aixplain.hub.errors import HubError
from aixplain.v2.exceptions import AixplainV2Error, ConfigurationError, FileUploadError, ValidationError


class UsageProblem(Exception):
    """What was typed can't be done; the message is a sentence."""


def status_and_sentence(error: Exception) -> tuple[int, str]:
    """2 for what was asked wrongly, 1 for what went wrong. Raises what is a mistake in this program."""
    if isinstance(error, UsageProblem | ValidationError | ConfigurationError | FileUploadError):
        return 2, str(error)
    if isinstance(error, AixplainV2Error | HubError):
        return 1, str(error)
    raise error
