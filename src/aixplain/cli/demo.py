"""`aix demo`: a tour of real runs, on this machine, that ends by itself."""

from __future__ import annotations

import tempfile
from pathlib import Path

from aixplain.cli.booklet import write_booklet
from aixplain.cli.output import console, print_answer
from aixplain.cli.run import run_streamed, run_watched
from aixplain.cli.search import print_page
from aixplain.cli.show import print_model
from aixplain.v2.core import Aixplain

ARTICLE = (
    "The James Webb Space Telescope has captured its sharpest image yet of a distant galaxy cluster. Astronomers say the "
    "picture reveals thousands of galaxies, some of which formed less than a billion years after the Big Bang. The telescope, "
    "launched in Dec. 2021, orbits the Sun about 1.5 million kilometres from Earth. Its golden mirror collects infrared light "
    "that earlier observatories could not see. Researchers hope that the data will explain how the first stars lit up the "
    "universe."
)

NEXT = """
Everything above ran here: no account, no key, nothing sent anywhere. What to try next:

  .venv/bin/aix run aixplain/keywords @README.md          a file as the text
  .venv/bin/aix run aixplain/document-text document=@your.pdf --stream
  echo "Ελλάδα, Москва" | .venv/bin/aix run aixplain/transliterate
  .venv/bin/aix hub serve                                 the same models for other programs and machines
  .venv/bin/aix --help

In Python:

  from aixplain import Aixplain

  with Aixplain.local() as aix:                           # or Aixplain() with TEAM_API_KEY set: the aiXplain platform
      model = aix.Model.get("aixplain/sentiment")
      print(model.run(text="I love this").data)
"""


def demo() -> None:
    """Take a tour: search, show, run, stream and run in the background, all on this machine."""
    _say("A hub starts inside this process, with real models and nothing to download.")
    with Aixplain.local() as aix:
        _command("search")
        print_page(aix.Model.search())

        _command("show aixplain/summarize")
        print_model(aix.Model.get("aixplain/summarize"))

        _command(f'run aixplain/summarize sentences=2 "{ARTICLE[:40]}…"')
        print_answer(aix.Model.get("aixplain/summarize").run(text=ARTICLE, sentences=2).data)

        _command('run aixplain/sentiment "I love this"')
        print_answer(aix.Model.get("aixplain/sentiment").run(text="I love this").data)

        _command(f'run aixplain/split-sentences --stream "{ARTICLE[:40]}…"')
        run_streamed(aix.Model.get("aixplain/split-sentences"), {"text": ARTICLE}, 60)

        _command("run aixplain/document-text --async document=@python-help.pdf")
        _read_booklet(aix)
    console.print(NEXT, end="", soft_wrap=True)


def _read_booklet(aix: Aixplain) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "python-help.pdf"
        write_booklet(path)
        text = run_watched(aix.Model.get("aixplain/document-text"), {"document": path}, 60).data
    print_answer(f"{text[:70].strip()} … ({len(text):,} characters in all)")


def _say(text: str) -> None:
    console.print(text, style="dim", soft_wrap=True)


def _command(words: str) -> None:
    console.print()
    console.print(f"$ aix {words}", style="bold green", soft_wrap=True)
