"""The notebook of the docs runs, shows what its file shows, and the tab key knows a model's inputs there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

FILE = Path(__file__).parents[2] / "docs" / "notebook.ipynb"
SECONDS = re.compile(r"[\d.e-]+ s\b")


@asynccontextmanager
async def kernel(notebook: Any) -> AsyncIterator[NotebookClient]:
    """A kernel of this Python, without the network, that has run the notebook but for its end."""
    client = NotebookClient(notebook, timeout=30, km=AsyncKernelManager(transport="ipc"))
    async with client.async_setup_kernel(cleanup_kc=True):
        for index, cell in enumerate(notebook.cells):
            if "aix.close()" not in cell.source:
                await client.async_execute_cell(cell, index)
        yield client


def outputs(notebook: Any) -> list[Any]:
    """What the cells show, without the times that runs took."""
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output.get("data", {}).get("text/html") or output.get("data") or output.get("text") for output in shown]
    return [SECONDS.sub("… s", str(text)) for text in texts]


async def completions(client: NotebookClient, code: str) -> list[str]:
    reply = await client.kc.complete(code, reply=True, timeout=20)
    return list(reply["content"]["matches"])


@pytest.mark.filterwarnings("default")  # the kernel's libraries have some of their own
def test_the_notebook_shows_what_its_file_shows() -> None:
    kept, notebook = nbformat.read(FILE, 4), nbformat.read(FILE, 4)

    async def follow() -> dict[str, list[str]]:
        async with kernel(notebook) as client:
            return {code: await completions(client, code) for code in ("inputs.sent", 'inputs["sen', "model.run(sent")}

    known = asyncio.run(follow())
    assert outputs(notebook) == outputs(kept)
    assert len(outputs(notebook)) > 6
    assert all(any("sentences" in match for match in matches) for matches in known.values()), known
