"""`aix demo`: a tour of real runs, on this machine, that ends by itself."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

import typer

ARTICLE = """\
The James Webb telescope has taken its sharpest image of distant galaxies.
Some of them formed less than a billion years after the Big Bang.
The telescope, launched in Dec. 2021, orbits the Sun far beyond the Moon.
Its golden mirror collects infrared light that earlier telescopes missed.
Astronomers hope that the image shows how the first stars and galaxies formed.
"""

#: What is typed, and the file that the answer goes to.
STEPS = (
    ("search", None),
    ("show aixplain/summarize", None),
    ('run aixplain/sentiment "I love this"', None),
    ("run aixplain/summarize sentences=1 @article.txt", None),
    ("run aixplain/split-sentences --stream @article.txt", None),
    ("run aixplain/document-text --async document=@help.pdf", "help.txt"),
)

NEXT = """
All of this ran here: no account, no key, nothing sent anywhere. Try next:

  {aix} run aixplain/keywords "Rust compiles to machine code"
  {aix} run aixplain/document-text document=@your.pdf --stream
  echo "Ελλάδα, Москва" | {aix} run aixplain/transliterate
  {aix} hub serve         # the same models, for other programs
  {aix} --help

In Python:

  from aixplain import Aixplain

  with Aixplain.local() as aix:      # or Aixplain(), with TEAM_API_KEY set
      model = aix.Model.get("aixplain/sentiment")
      print(model.run(text="I love this").data)
"""


def demo() -> None:
    """Take a tour: search, show, run, stream and run in the background."""
    from aixplain.cli.screen import console
    from aixplain.cli.session import own_hub

    console.print("A hub starts inside this process, with real models and nothing to download.", style="dim")
    with own_hub() as aix, tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        _write_files()
        os.environ["TEAM_API_KEY"] = aix.settings.api_key or ""  # the hub is closed to who has not its secret
        for words, into in STEPS:
            _step(words, into, aix.settings.backend_url)
    sys.stdout.write(NEXT.format(aix=_name_to_type()))


def _write_files() -> None:
    from aixplain.cli.booklet import write_booklet

    Path("article.txt").write_text(ARTICLE, "utf-8")
    write_booklet(Path("help.pdf"))


def _step(words: str, into: str | None, hub: str) -> None:
    """Show a command, and run that very command on the hub."""
    from aixplain.cli.screen import console

    shown = f"{words} > {into}" if into else words
    console.print(f"\n$ aix {shown}", style="bold green", soft_wrap=True)
    if into is None:
        _aix(words, hub)
        return
    with Path(into).open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        _aix(words, hub)
    console.print(f"{into} has {Path(into).stat().st_size:,} bytes of text now.")


def _aix(words: str, hub: str) -> None:
    from aixplain.cli.app import app

    status = app([*shlex.split(words), "--hub", hub], standalone_mode=False)
    if status:  # 130 when interrupted
        raise typer.Exit(status)


def _name_to_type() -> str:
    """`aix` as whoever started this demo can type it: `./dev demo` runs one that is not on the PATH."""
    started = Path(sys.argv[0])
    return str(started) if started.name == "aix" and shutil.which("aix") is None else "aix"
