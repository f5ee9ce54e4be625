"""What a hub serves: the models of its code, and those that were declared to it, also while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace

import msgspec

from aixplain.hub.backends import Keep
from aixplain.hub.backends.alias import AliasBackend
from aixplain.hub.backends.openai.entries import entries_of
from aixplain.hub.backends.openai.upstream import Upstream
from aixplain.hub.backends.resting import Resting
from aixplain.hub.catalog import Entry, Policy
from aixplain.hub.declarations import AliasSpec, PriceSpec, RelaySpec, UpstreamSpec, specs
from aixplain.hub.engine.lanes import Lanes
from aixplain.hub.errors import HubError
from aixplain.hub.execution import logger
from aixplain.hub.store.declared import Declared, DeclaredStore
from aixplain.hub.store.sqlite.catalog import changes
from aixplain.hub.store.sqlite.file import SqliteStore
from aixplain.hub.troubles import tell_trouble

#: Seconds after which a hub that runs sees what was declared.
EVERY_SECONDS = 2.0
_UPSTREAMS = ("upstream", "relay")


class Offer:
    """Keeps `entries`, the models that are served, and the catalog in step with what is declared."""

    def __init__(self, entries: dict[str, Entry], store: DeclaredStore, catalog: SqliteStore, lanes: Lanes, keep: Keep) -> None:
        self._served = entries
        self._own = dict(entries)
        self._store = store
        self._catalog = catalog
        self._lanes = lanes
        self._keep = keep
        self._known: list[Declared] = []
        self._upstreams: dict[bytes, list[Entry]] = {}
        self._resting = Resting()

    async def refresh(self) -> None:
        """Serve what is declared now. Raises `HubError`."""
        known = await self._store.all()
        if known == self._known:
            return
        entries = self._entries(known)
        self._served.update(entries)  # first, so that what is found can be run
        # There may be tens of thousands, which must not hold requests up.
        for change in await self._catalog.read(lambda file: list(changes(file, entries.values()))):
            await self._catalog.write(change)
        for path in self._served.keys() - entries.keys():
            del self._served[path]
        self._known = known

    async def keep_refreshing(self) -> None:
        """See what was declared, until this is canceled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.refresh()
            except HubError as error:
                tell_trouble("what is declared can't be read, and waits: %s", error)

    def _entries(self, known: list[Declared]) -> dict[str, Entry]:
        """The models by their paths: one's own come before an upstream's, and an alias before both."""
        upstreams = {each.body: self._upstreams.get(each.body) or self._of(each) for each in known if each.kind in _UPSTREAMS}
        self._upstreams = upstreams  # those that stay keep their connections
        models = {entry.path: entry for entries in upstreams.values() for entry in entries} | self._own
        for price in specs(known, PriceSpec):
            if price.name in models:
                models[price.name] = replace(models[price.name], price=price.price)
        return models | {alias.path: alias for alias in self._aliases(models, specs(known, AliasSpec))}

    def _of(self, each: Declared) -> list[Entry]:
        if each.kind == "relay":
            from aixplain.hub.backends.aixplain import relayed  # the SDK, which few hubs need

            relay = msgspec.json.decode(each.body, type=RelaySpec)
            return relayed(relay.name, relay.url, relay.key_env, relay.models, relay.timeout)
        spec = msgspec.json.decode(each.body, type=UpstreamSpec)
        if spec.vendor is not None:
            return _of_vendor(spec, spec.vendor)
        return entries_of(Upstream(spec.name, spec.url, spec.key_env), spec.models, self._keep, spec.timeout)

    def _aliases(self, models: dict[str, Entry], declared: Iterable[AliasSpec]) -> Iterator[Entry]:
        for spec in declared:
            targets = [(models[target.path], target.weight) for target in spec.targets if target.path in models]
            for missing in [target.path for target in spec.targets if target.path not in models]:
                logger.warning("the alias %s stands for %s, which is not served here", spec.name, missing)
            if targets:
                backend = AliasBackend(targets, spec.timeout, self._lanes, self._resting)
                yield _alias(spec.name, backend, [entry for entry, _ in targets])


def _of_vendor(spec: UpstreamSpec, vendor: str) -> list[Entry]:
    """The entries of a vendor's models; none without the library, as the log says then."""
    from aixplain.hub.backends.vendors.entries import vendor_entries
    from aixplain.hub.backends.vendors.vendor import NotInstalled, Vendor, check_library

    try:
        check_library(vendor)
    except NotInstalled as error:
        logger.error("the models of %s are left out: %s", spec.name, error)
        return []
    return vendor_entries(Vendor(spec.name, vendor, spec.url, spec.key_env, spec.timeout), spec.models)


def _alias(path: str, backend: AliasBackend, targets: list[Entry]) -> Entry:
    """The entry of an alias: as its first target, but for what the others differ in."""
    return replace(
        targets[0],
        path=path,
        name=path.rpartition("/")[2],
        description=f"Stands for {', '.join(entry.path for entry in targets)}.",
        backend=backend,
        streams=any(entry.streams for entry in targets),
        policy=Policy(),
        price=None,
    )
