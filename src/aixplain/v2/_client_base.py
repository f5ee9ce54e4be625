"""What both colours of a client share: their settings, and nothing with another client."""

from __future__ import annotations

from aixplain.v2._settings import Settings


class ClientBase:
    """One client. What is slow to load is loaded by the first call that needs it."""

    settings: Settings

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        settings.client = self

    @property
    def backend_url(self) -> str:
        """Where the catalog is."""
        return self.settings.backend_url

    @property
    def model_url(self) -> str:
        """Where models are run."""
        return self.settings.model_url

    def __repr__(self) -> str:
        return f"{type(self).__name__}(backend_url={self.settings.backend_url!r})"
