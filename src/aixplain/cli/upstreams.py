"""`aix hub add`, `remove`, `upstreams` and `discover`: the models of others behind a hub."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.books import DatabaseOption, DataOption, with_books
from aixplain.cli.output import note, print_json
from aixplain.cli.session import JsonOption

if TYPE_CHECKING:
    from aixplain.hub.backends.openai.listing import Offered
    from aixplain.hub.declarations import RelaySpec, UpstreamSpec
    from aixplain.hub.opening.books import Books
    from aixplain.hub.store.declared import Declared

#: What is said of each change.
SOON = "A hub that is at work sees it within 3 seconds."
#: Where services on this machine usually listen.
PORTS = {11434: "Ollama", 1234: "LM Studio", 8000: "vLLM", 8080: "llama.cpp", 4000: "LiteLLM", 30000: "SGLang", 1337: "Jan"}


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What its models' paths begin with.", show_default=False)],
    url: Annotated[str, typer.Option(metavar="URL", help="Its address, such as https://api.openai.com/v1.")],
    key_env: Annotated[
        str | None, typer.Option(metavar="VARIABLE", help="The variable that has its key, here and where the hub runs.")
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Only these models, such as gpt-4*; may come again.")
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

    It speaks OpenAI, or is another aiXplain. Its models are NAME/model here.
    The key stays where it is: the hub reads the variable when it asks.
    """
    from aixplain.cli.failures import Failure, UsageProblem
    from aixplain.hub.backends import ModelError
    from aixplain.hub.backends.service import KeyProblem
    from aixplain.hub.declarations import declared

    logging.getLogger("aixplain").addHandler(logging.NullHandler())  # what it says is said here
    if re.fullmatch(r"[\w.-]+", name) is None:
        raise UsageProblem(f"{name!r} is no name of an upstream. One is a word such as openai, and has no slash.")
    if not url.startswith(("http://", "https://")):
        raise UsageProblem(f"{url!r} is no address of a service. One looks like http://127.0.0.1:11434.")
    if key_env is not None and not os.environ.get(key_env):
        raise UsageProblem(f"{key_env} is not set here, and aix needs the key to read the list of models. Set it, and again.")
    corrected = _corrections(kind or [])
    try:
        spec = asyncio.run(_read(name, url, key_env, models or [], corrected, timeout, aixplain=aixplain))
    except KeyProblem as error:
        raise Failure(error.advice) from error
    except ModelError as error:
        raise Failure(str(error)) from error
    if not spec.models:
        raise UsageProblem(f"{url} offers no model that this hub can run" + (" and --models names." if models else "."))
    with_books(data, database, lambda kept: kept.declared.put([declared(spec)]), may_be_new=True)
    note(f"{counted(len(spec.models))} of {spec.url} offered as {name}/…. {SOON}")


async def _read(
    name: str, url: str, key_env: str | None, patterns: list[str], kinds: dict[str, str], timeout: float, *, aixplain: bool
) -> UpstreamSpec | RelaySpec:
    from aixplain.hub.declarations import RelaySpec, UpstreamSpec

    if aixplain:
        from aixplain.hub.backends.aixplain import bodies

        found = await bodies(name, url, key_env)
        chosen = tuple(body for path, body in found if _is_wanted(path, patterns))
        return RelaySpec(name, url.rstrip("/"), key_env, chosen, timeout)
    return await _read_openai(UpstreamSpec(name, openai_url(url), key_env, (), timeout), patterns, kinds)


async def _read_openai(spec: UpstreamSpec, patterns: list[str], kinds: dict[str, str]) -> UpstreamSpec:
    import msgspec

    from aixplain.hub.backends.openai.listing import offered
    from aixplain.hub.backends.openai.upstream import Upstream

    found = await offered(Upstream(spec.name, spec.url, spec.key_env))
    chosen = [_corrected(model, kinds) for model in found if _is_wanted(model.id, patterns)]
    return msgspec.structs.replace(spec, models=tuple(chosen))


def openai_url(url: str) -> str:
    """The address that paths are added to; most services have theirs under /v1.

    >>> openai_url("http://127.0.0.1:11434/"), openai_url("https://api.groq.com/openai/v1")
    ('http://127.0.0.1:11434/v1', 'https://api.groq.com/openai/v1')
    """
    bare = url.rstrip("/")
    return bare if bare.count("/") > 2 else f"{bare}/v1"


def _is_wanted(model: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatchcase(model, pattern) for pattern in patterns)


def _corrected(model: Offered, kinds: dict[str, str]) -> Offered:
    import msgspec

    return msgspec.structs.replace(model, function=kinds.get(model.id, model.function))


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
    return each.name, f"{counted(len(body['models']))} of {body['url']}", told


def discover(json: JsonOption = False) -> None:
    """Look for services on this machine.

    They are looked for on the ports that they usually have.
    """
    found = asyncio.run(_discovered())
    if json:
        print_json([{"name": title, "url": url, "models": count} for title, url, count in found])
        return
    for title, url, count in found:
        name = title.lower().replace(" ", "").replace(".", "")
        sys.stdout.write(f"{title} answers with {counted(count)}:  aix hub add {name} --url {url}\n")
    if not found:
        note(f"Nothing that speaks OpenAI answers here, on any of the ports {', '.join(map(str, PORTS))}.")


def counted(models: int) -> str:
    """So many models, in words."""
    return "1 model" if models == 1 else f"{models} models"


async def _discovered() -> list[tuple[str, str, int]]:
    from aixplain.hub.backends import ModelError
    from aixplain.hub.backends.openai.listing import offered
    from aixplain.hub.backends.openai.upstream import Upstream

    async def look(port: int, title: str) -> tuple[str, str, int] | None:
        url = f"http://127.0.0.1:{port}/v1"
        try:
            async with asyncio.timeout(2):
                return title, url, len(await offered(Upstream(title, url)))
        except (ModelError, TimeoutError):
            return None

    looks = await asyncio.gather(*(look(port, title) for port, title in PORTS.items()))
    return [each for each in looks if each is not None]
