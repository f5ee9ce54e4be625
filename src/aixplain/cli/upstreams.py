"""`aix hub add`, `remove`, `upstreams` and `discover`: the models of others behind a hub."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.books import DatabaseOption, DataOption, with_books
from aixplain.cli.output import note, print_json
from aixplain.cli.session import JsonOption

if TYPE_CHECKING:
    from aixplain.hub.backends import ModelError
    from aixplain.hub.declarations import RelaySpec, UpstreamSpec
    from aixplain.hub.opening.books import Books
    from aixplain.hub.store.declared import Declared

#: What is said of each change.
SOON = "A hub that is at work sees it within 3 seconds."
#: Where services on this machine usually listen.
PORTS = {11434: "Ollama", 1234: "LM Studio", 8000: "vLLM", 8080: "llama.cpp", 4000: "LiteLLM", 30000: "SGLang", 1337: "Jan"}


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What its models' paths begin with.", show_default=False)],
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Its address, such as https://api.openai.com/v1.", show_default=False)
    ] = None,
    vendor: Annotated[
        str | None,
        typer.Option(
            metavar="VENDOR", help="A vendor with a protocol of its own, such as anthropic or gemini.", show_default=False
        ),
    ] = None,
    key_env: Annotated[
        str | None, typer.Option(metavar="VARIABLE", help="The variable that has its key, here and where the hub runs.")
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Only these models, such as gpt-4*,o3; may come again.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL=FUNCTION", help="What a model does, where its name tells it wrongly; may come again."),
    ] = None,
    aixplain: Annotated[bool, typer.Option("--aixplain", help="It is the aiXplain platform, or another hub.")] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=1, help="How long an answer may take.")] = 600.0,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Offer the models of another service.

    It speaks OpenAI, is another aiXplain, or a vendor. Its models are NAME/model here.
    The key stays where it is: the hub reads the variable when it asks.
    """
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.cli.offers import Wanted, read
    from aixplain.hub.backends import ModelError
    from aixplain.hub.backends.service import KeyProblem
    from aixplain.hub.declarations import declared

    logging.getLogger("aixplain").addHandler(logging.NullHandler())  # what it says is said here
    if re.fullmatch(r"\w[\w.-]*", name) is None:
        raise UsageProblem(f"{name!r} is no name of an upstream. One is a word such as openai, and has no slash.")
    if key_env is not None and not os.environ.get(key_env):
        raise UsageProblem(f"{key_env} is not set here, and aix needs the key to read the list of models. Set it, and again.")
    patterns = [pattern for option in models or [] for pattern in option.split(",")]
    wanted = Wanted(patterns, _corrections(kind or []))
    try:
        spec = asyncio.run(read(_asked(name, url, vendor, key_env, timeout, aixplain=aixplain), wanted))
    except KeyProblem as error:
        raise Failure(error.advice) from error
    except ModelError as error:
        raise Failure(_told(error, None if vendor else url, aixplain=aixplain)) from error
    where = _where(spec)
    if not spec.models:
        raise UsageProblem(f"{where} offers no model that this hub can run" + (" and --models names." if models else "."))

    async def keep(kept: Books) -> None:
        await kept.declared.put([declared(spec)])
        await kept.declared.remove("upstream" if aixplain else "relay", name)  # it was the other, and is not both

    with_books(data, database, keep, may_be_new=True)
    note(f"{counted(len(spec.models))} of {where} offered as {name}/…. {SOON}")


def _asked(
    name: str, url: str | None, vendor: str | None, key_env: str | None, timeout: float, *, aixplain: bool
) -> UpstreamSpec | RelaySpec:
    """What was asked for, without its models yet."""
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.declarations import RelaySpec, UpstreamSpec

    if vendor is not None and aixplain:
        raise UsageProblem("It is a vendor, or another aiXplain: give --vendor or --aixplain.")
    if url is None and vendor is None:
        raise UsageProblem("Where is it? Give its address with --url, or the --vendor.")
    if url is not None and not url.startswith(("http://", "https://")):
        raise UsageProblem(f"{url!r} is no address of a service. One looks like http://127.0.0.1:11434.")
    bare = (url or "").rstrip("/")
    if aixplain:
        return RelaySpec(name, bare, key_env, timeout=timeout)
    return UpstreamSpec(name, bare, key_env, timeout=timeout, vendor=vendor and vendor.lower())


def _told(error: ModelError, url: str | None, *, aixplain: bool) -> str:
    """What went wrong, and a likely cause of it where the service answered."""
    if url is None or error.status in (503, 504):
        return str(error)
    what = "an aiXplain" if aixplain else "a service that speaks OpenAI"
    return f"{str(error).rstrip('.')}. Is {url} the address of {what}?"


def _where(spec: UpstreamSpec | RelaySpec) -> str:
    """The service, in words."""
    from aixplain.hub.declarations import RelaySpec

    return spec.url if isinstance(spec, RelaySpec) or spec.vendor is None else vendor_at(spec.vendor, spec.url)


def vendor_at(vendor: str, url: str) -> str:
    """A vendor in words, with the address where it isn't its own."""
    return f"{vendor} at {url}" if url else vendor


def _corrections(given: list[str]) -> dict[str, str]:
    from aixplain.cli.failures import UsageProblem
    from aixplain.hub.backends.openai.listing import FUNCTIONS

    found = {model: function for model, _, function in (each.rpartition("=") for each in given)}
    for model, function in found.items():
        if not model or function not in FUNCTIONS:
            raise UsageProblem(f"--kind is MODEL=FUNCTION, and the function is one of {', '.join(FUNCTIONS)}.")
    return found


def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An upstream's name, or an alias.", show_default=False)],
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Take the models of an upstream, or an alias, away again."""
    from aixplain.cli.failures import UsageProblem

    async def removed(kept: Books) -> bool:
        store = kept.declared
        return any([await store.remove("upstream", name), await store.remove("relay", name), await store.remove("alias", name)])

    if not with_books(data, database, removed):
        raise UsageProblem(f"There is no upstream and no alias {name!r}. `aix hub upstreams` lists them.")
    note(f"{name} is gone. {SOON}")


def upstreams(data: DataOption = None, database: DatabaseOption = None, json: JsonOption = False) -> None:
    """List the upstreams and aliases of a hub."""
    import msgspec

    found = with_books(data, database, lambda kept: kept.declared.all())
    kept = [each for each in found if each.kind != "price"]
    if json:
        print_json([{"kind": each.kind, **msgspec.json.decode(each.body)} for each in kept])
        return
    if not kept:
        note("There are none. `aix hub add` adds one, `aix hub discover` looks for some on this machine.")
        return
    from aixplain.cli.screen import print_table

    print_table(("name", "what it is", "key"), [_row(each) for each in kept])


def _row(each: Declared) -> tuple[str, str, str]:
    import msgspec

    body: dict[str, Any] = msgspec.json.decode(each.body)
    if each.kind == "alias":
        return each.name, " ".join(f"{target['path']}={target['weight']:g}" for target in body["targets"]), ""
    variable = body.get("key_env")
    told = "" if variable is None else f"{variable}{'' if os.environ.get(variable) else ' (not set here)'}"
    where = body["url"] if body.get("vendor") is None else vendor_at(body["vendor"], body["url"])
    return each.name, f"{counted(len(body['models']))} of {where}", told


def discover(json: JsonOption = False) -> None:
    """Look for services on this machine.

    They are looked for on the ports that they usually have.
    """
    logging.getLogger("aixplain").addHandler(logging.NullHandler())  # what it says is said here
    found = asyncio.run(_discovered())
    if json:
        print_json([{"name": title, "url": url, "models": count} for title, url, count in found])
        return
    for title, url, count in found:
        name = title.lower().replace(" ", "").replace(".", "")
        told, key = ("wants a key", " --key-env VARIABLE") if count is None else (f"answers with {counted(count)}", "")
        sys.stdout.write(f"{title} {told}:  aix hub add {name} --url {url}{key}\n")
    if not found:
        note(f"Nothing that speaks OpenAI answers here, on any of the ports {', '.join(map(str, PORTS))}.")


def counted(models: int) -> str:
    """So many models, in words."""
    return "1 model" if models == 1 else f"{models} models"


async def _discovered() -> list[tuple[str, str, int | None]]:
    """What each is called, its address and how many models it has; None for one that tells them by a key alone."""
    from aixplain.hub.backends import ModelError
    from aixplain.hub.backends.openai.listing import offered
    from aixplain.hub.backends.openai.upstream import Upstream
    from aixplain.hub.backends.service import KeyProblem

    async def look(port: int, title: str) -> tuple[str, str, int | None] | None:
        url = f"http://127.0.0.1:{port}/v1"
        try:
            async with asyncio.timeout(2):
                return title, url, len(await offered(Upstream(title, url)))
        except KeyProblem:
            return title, url, None
        except (ModelError, TimeoutError):
            return None

    looks = await asyncio.gather(*(look(port, title) for port, title in PORTS.items()))
    return [each for each in looks if each is not None]
