"""The commands of `aix`, put together.

Help is what people wait for most often, so nothing that it doesn't need is imported at the top of a command's file: the
SDK, the hub and rich come with the first use.
"""

from __future__ import annotations

import typer

from aixplain.cli import aliases, config, demo, hub, keys, run, search, show, upstreams, usage

app = typer.Typer(
    name="aix",
    help="Run any AI model: on this machine, on a hub, on the aiXplain platform.",
    epilog="Without a key and without an address, aix uses a hub of its own, on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("search")(search.search)
app.command("show")(show.show)
app.command("run")(run.run)
app.command("usage")(usage.usage)
app.command("demo")(demo.demo)
app.add_typer(config.app, name="config")
hub.app.command("add")(upstreams.add)
hub.app.command("remove")(upstreams.remove)
hub.app.command("upstreams")(upstreams.upstreams)
hub.app.command("discover")(upstreams.discover)
hub.app.command("alias")(aliases.alias)
hub.app.command("sync-prices")(aliases.sync_prices)
app.add_typer(hub.app, name="hub")
app.add_typer(keys.app, name="keys")
