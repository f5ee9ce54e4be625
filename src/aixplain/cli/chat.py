"""`aix chat`: a conversation with a model that generates text."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aixplain.cli.output import note, print_piece
from aixplain.cli.session import HubOption, ModelArgument, connect, find

if TYPE_CHECKING:
    from aixplain.cli.conversation import Conversation

PROMPT = "> "
#: Lines that the arrow keys find again.
REMEMBERED = 1000


def chat(
    model: ModelArgument,
    system: Annotated[str, typer.Option("--system", metavar="TEXT", help="How it is to behave; @FILE reads a file.")] = "",
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.001, help="How long an answer may take.")] = 300.0,
    hub: HubOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print each answer as a line of JSON.")] = False,
) -> None:
    """Talk with a model that generates text.

    Lines that are piped in are messages, one after another. /help tells what else
    can be typed.
    """
    from aixplain.cli.conversation import Conversation
    from aixplain.cli.inputs import content_of

    with connect(hub) as aix:
        conversation = Conversation(find(aix, model), content_of(system))
        if not conversation.remembers:
            note("This model is not told what was said before: each message stands alone.")
        talk = Talk(conversation, lambda named: find(aix, named), timeout, json=json)
        with _typing() as lines:
            for line in lines:
                if not talk.hear(line):
                    return


class Talk:
    """Answers lines, one after another."""

    def __init__(self, conversation: Conversation, find: Any, timeout: float, *, json: bool) -> None:
        self._conversation, self._find, self._timeout, self._json = conversation, find, timeout, json

    def hear(self, line: str) -> bool:
        """Answer a message, or do what a line with a slash says; False at the end. In a terminal, an error ends nothing."""
        from aixplain.cli.failures import UsageProblem
        from aixplain.cli.slash import Leave, obey
        from aixplain.v2.exceptions import AixplainV2Error

        try:
            if line.startswith("/"):
                obey(line, self._conversation, self._find)
            elif line.strip():
                self._answer(line)
        except Leave:
            return False
        except (UsageProblem, AixplainV2Error, OSError) as error:
            if not sys.stdin.isatty():
                raise
            note(f"aix: {error}")
        return True

    def _answer(self, text: str) -> None:
        """Print the answer as it comes, and note it, as far as it came."""
        pieces: list[str] = []
        stopped = False
        inputs = self._conversation.inputs(text)
        try:
            for piece in self._pieces(inputs):
                pieces.append(piece)
                if not self._json:
                    print_piece(piece)
        except KeyboardInterrupt:
            if not sys.stdin.isatty():
                raise
            stopped = True
        finally:
            answer = "".join(pieces)
            if answer:
                self._conversation.add(text, answer)
            self._end(answer)
        if stopped:
            note("(stopped)" if answer else "\n(stopped)")

    def _pieces(self, inputs: dict[str, Any]) -> Iterator[str]:
        from aixplain.cli.output import as_text
        from aixplain.cli.waiting import until_first

        model = self._conversation.model
        if model.supports_streaming:
            yield from until_first(as_text(chunk.data) for chunk in self._chunks(inputs) if chunk.data)
        else:
            yield as_text(self._whole(inputs))

    def _chunks(self, inputs: dict[str, Any]) -> Iterator[Any]:
        with self._conversation.model.run_stream(timeout=self._timeout, **inputs) as chunks:
            yield from chunks

    def _whole(self, inputs: dict[str, Any]) -> Any:
        from aixplain.cli.waiting import waiting

        with waiting() as progress:
            return self._conversation.model.run(
                timeout=self._timeout, cancel_on_interrupt=True, on_progress=progress, **inputs
            ).data

    def _end(self, answer: str) -> None:
        if self._json and answer:
            import msgspec

            print_piece(msgspec.json.encode({"role": "assistant", "content": answer}).decode() + "\n")
        elif answer and not answer.endswith("\n"):
            print_piece("\n")


@contextlib.contextmanager
def _typing() -> Iterator[Iterator[str]]:
    """The lines: of a person, with the arrow keys and earlier ones, or those that are piped in."""
    if sys.stdin is None or not sys.stdin.isatty():
        yield (line.rstrip("\n") for line in sys.stdin or ())
        return
    import readline

    from aixplain.cli.slash import COMMANDS

    path = _history_path()
    with contextlib.suppress(OSError):  # there is none yet, or none that can be read
        readline.read_history_file(path)
    names = [f"/{name}" for name in COMMANDS]
    readline.set_completer(lambda text, state: [*(name for name in names if name.startswith(text)), None][state])
    readline.set_completer_delims(" ")
    readline.parse_and_bind("tab: complete")
    try:
        yield _typed()
    finally:
        readline.set_history_length(REMEMBERED)
        with contextlib.suppress(OSError):  # a conversation is worth more than its history
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            readline.write_history_file(path)


def _typed() -> Iterator[str]:
    note("/help tells what can be typed, Ctrl-D ends.")
    while True:
        try:
            yield input(PROMPT)
        except KeyboardInterrupt:  # a line that is not wanted after all
            print_piece("\n")
        except EOFError:
            print_piece("\n")
            return


def _history_path() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "aixplain" / "chat_history"
