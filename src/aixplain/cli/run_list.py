"""Runs of a hub as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aixplain.cli.output import note, print_answer

#: Letters of an id's end that tell one run from another: ids begin with the time, and end at random.
SHORT = 8
WIDE = 110


def print_runs(page: Mapping[str, Any]) -> None:
    """A page of runs as a table, and how to see more."""
    from aixplain.cli.screen import console, has_width, print_table

    runs = page["results"]
    columns = ["run", "status", "accepted", "took", "model"]
    if console.width >= WIDE:
        columns[4:4] = ["tokens", "credits"]
        columns.append("error")
    if runs:
        rows = [[_cell(run, column, short=has_width()) for column in columns] for run in runs]
        print_table(columns, rows, shorten=True)
    if more := _more(page):
        note(more)


def print_run(run: Mapping[str, Any], answer: Mapping[str, Any] | None) -> None:
    """One run: its facts, then its answer."""
    from aixplain.cli.screen import console, print_table

    print_table(("", ""), [(name, value) for name, value in _facts(run, answer) if value])
    data = (answer or {}).get("data")
    if data is not None and run["state"] == "finished":
        console.print()
        print_answer(data)
    elif run["state"] == "finished":
        note("Its answer is not kept: its time is over, or it was asked for without an idempotency key.")


def _more(page: Mapping[str, Any]) -> str:
    count, total, number = len(page["results"]), page["total"], page["pageNumber"]
    if total == 0:
        return "There are no such runs."
    if count == 0:
        return f"There is no page {number + 1}; the {total} runs end on page {page['pageTotal']}."
    following = f" Next: --page {number + 2}" if number + 1 < page["pageTotal"] else ""
    return f"{count} of {total:,} runs.{following}" if total > count else ""


def _cell(run: Mapping[str, Any], column: str, *, short: bool) -> str:
    match column:
        case "run":
            return str(run["requestId"][-SHORT:] if short else run["requestId"])
        case "status":
            return str(run["state"])
        case "accepted":
            return _moment(run["createdAt"], short=short)
        case "took":
            return _took(run)
        case "tokens":
            return _number((run["usage"] or {}).get("total_tokens"))
        case "credits":
            return _number(run["usedCredits"])
        case "error":
            return str(run["errorMessage"] or "")
        case _:
            return str(run["model"])


def _facts(run: Mapping[str, Any], answer: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    usage, progress = run["usage"] or {}, (answer or {}).get("progress")
    return [
        ("run", run["requestId"]),
        ("model", run["model"]),
        ("status", run["state"] + ("" if progress is None else f", {progress:.0%} done")),
        ("accepted", _moment(run["createdAt"])),
        ("started", _moment(run["startedAt"])),
        ("ended", _moment(run["endedAt"])),
        ("took", _took(run)),
        ("attempts", _number(run["attempts"])),
        (
            "tokens",
            " + ".join(_number(usage.get(each)) or "?" for each in ("prompt_tokens", "completion_tokens")) if usage else "",
        ),
        ("credits", _number(run["usedCredits"])),
        ("error", " ".join(filter(None, (_number(run["statusCode"]), run["errorMessage"])))),
        ("kept until", _moment(run["expiresAt"])),
    ]


def _read(moment: str | None) -> datetime | None:
    return None if moment is None else datetime.fromisoformat(moment).astimezone()


def _moment(told: str | None, *, short: bool = False) -> str:
    """A time as this machine's clock shows it."""
    moment = _read(told)
    if moment is None:
        return ""
    if short:
        is_today = moment.date() == datetime.now(moment.tzinfo).date()
        return moment.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M")
    return moment.isoformat(sep=" ", timespec="seconds")


def _took(run: Mapping[str, Any]) -> str:
    """From its start to its end, or to now."""
    started, ended = _read(run["startedAt"]), _read(run["endedAt"])
    if started is None:
        return ""
    return seconds((ended or datetime.now(started.tzinfo)).timestamp() - started.timestamp())


def seconds(passed: float) -> str:
    """A duration in the unit that fits.

    >>> seconds(0.0123), seconds(3.21), seconds(184), seconds(7260)
    ('12 ms', '3.2 s', '3 min 4 s', '2 h 1 min')
    """
    if passed < 1:
        return f"{max(passed, 0.0) * 1000:.0f} ms"
    if passed < 60:
        return f"{passed:.1f} s"
    whole = int(passed)
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:g}"
