"""Rivals and other people's clients, each in an environment of its own under .interop, from a lock file.

The benchmarks measure them, and tests/interop has them talk to the hub.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


class Unavailable(Exception):
    """The environment can't be made here; the message says why."""


def official(version: str = "0.2.41") -> Path:
    """The Python of an environment with the official package. Made when it isn't there. Raises `Unavailable`."""
    return _python(f"official-{version}")


def ours() -> Path:
    """The Python of an environment with the base install's dependencies alone; the checkout comes by PYTHONPATH."""
    return _python("base")


def openai() -> Path:
    """The Python of an environment with OpenAI's client."""
    return _python("openai")


def llama_cpp() -> Path:
    """The Python of an environment with llama.cpp, which brings a server of its own, and what makes a model for it."""
    return _python("llama-cpp")


def litellm() -> Path:
    """The Python of an environment with LiteLLM's proxy."""
    return _python("litellm")


def langchain() -> Path:
    """The Python of an environment with LangChain's client for OpenAI."""
    return _python("langchain")


def vendors() -> Path:
    """The Python of an environment for a hub that asks vendors, Google too; the checkout comes by PYTHONPATH."""
    return _python("vendors")


def vendor_library(name: str) -> Path:
    """The Python of an environment with one of the libraries that ask vendors, by the name of its lock file."""
    return _python(name)


def _python(name: str) -> Path:
    folder = ROOT / ".interop" / name
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / f"{name}.lock").open("w") as lock:  # tests that run side by side want the same ones
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _made(name, folder)


def _made(name: str, folder: Path) -> Path:
    python, done = folder / "bin" / "python", folder / "installed"
    lock = ROOT / "requirements" / f"{name}.lock"
    if python.exists() and done.exists() and done.read_bytes() == lock.read_bytes():
        return python
    print(f"Making an environment for {name} in {folder.relative_to(ROOT)} …", file=sys.stderr)
    _run(sys.executable, "-m", "venv", "--clear", str(folder))
    _run(str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--requirement", str(lock))
    done.write_bytes(lock.read_bytes())
    return python


def _run(*command: str) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        why = finished.stderr.strip().rpartition("\n")[2]
        raise Unavailable(f"`{' '.join(command[1:4])} …` failed: {why}. Is the package index reachable?")
