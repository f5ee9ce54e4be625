"""What a service offers, read for `aix hub add`: which of its models are wanted, and what each of them does."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from aixplain.hub.backends.openai.listing import Offered
    from aixplain.hub.declarations import RelaySpec, UpstreamSpec


class Wanted(NamedTuple):
    """Which models are wanted, by patterns of their names (none: all), and what some of them do."""

    patterns: list[str]
    kinds: dict[str, str]

    def has(self, model: str) -> bool:
        """Whether a model is wanted."""
        return not self.patterns or any(fnmatchcase(model, pattern) for pattern in self.patterns)

    def of(self, models: list[Offered]) -> tuple[Offered, ...]:
        """Those of these models that are wanted."""
        return tuple(
            msgspec.structs.replace(model, function=self.kinds.get(model.id, model.function))
            for model in models
            if self.has(model.id)
        )


async def read(spec: UpstreamSpec | RelaySpec, wanted: Wanted) -> UpstreamSpec | RelaySpec:
    """The same, with the models that are wanted of those that the service offers. Raises `ModelError` and `UsageProblem`."""
    from aixplain.hub.backends.openai.listing import offered
    from aixplain.hub.backends.openai.upstream import Upstream
    from aixplain.hub.declarations import RelaySpec

    if isinstance(spec, RelaySpec):
        from aixplain.hub.backends.aixplain import bodies

        found = await bodies(spec.name, spec.url, spec.key_env)
        return msgspec.structs.replace(spec, models=tuple(body for path, body in found if wanted.has(path)))
    if spec.vendor is not None:
        return msgspec.structs.replace(spec, models=await _of_vendor(spec, spec.vendor, wanted))
    spec = msgspec.structs.replace(spec, url=openai_url(spec.url))
    models = await offered(Upstream(spec.name, spec.url, spec.key_env))
    return msgspec.structs.replace(spec, models=wanted.of(models))


async def _of_vendor(spec: UpstreamSpec, vendor: str, wanted: Wanted) -> tuple[Offered, ...]:
    """Of the vendor's list or, where it has none, the models that were named."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.backends.openai.listing import CHAT, Offered
    from aixplain.hub.backends.vendors.entries import FUNCTIONS, kind_of, vendor_offers
    from aixplain.hub.backends.vendors.vendor import Vendor

    if not FUNCTIONS.issuperset(wanted.kinds.values()):
        raise UsageProblem(f"The models of a vendor do one of {', '.join(sorted(FUNCTIONS))}: --kind says which.")
    models = await vendor_offers(Vendor(spec.name, vendor, spec.url, spec.key_env, spec.timeout))
    if models is None:
        if not wanted.patterns:
            raise UsageProblem(f"The vendor {vendor} has no list of its models here. Name them with --models.")
        models = [Offered(name, kind_of(name) or CHAT, vendor) for name in wanted.patterns]
    return wanted.of(models)


def openai_url(url: str) -> str:
    """The address that paths are added to; most services have theirs under /v1.

    >>> openai_url("http://127.0.0.1:11434/"), openai_url("https://api.groq.com/openai/v1")
    ('http://127.0.0.1:11434/v1', 'https://api.groq.com/openai/v1')
    """
    bare = url.rstrip("/")
    return bare if bare.count("/") > 2 else f"{bare}/v1"
