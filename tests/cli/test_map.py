"""`aix map` runs a model with each row of a file: what becomes an input, what comes out, and how it goes on."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

Aix = Callable[..., Any]
Refused = Callable[..., str]
Started = Callable[..., Any]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_of_a_csv_come_out_in_order_with_result_and_error(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('id,text\n1,"two\nlines, ""quoted"""\n2,Γειά\n3,\n\n4,last\n', "utf-8")
    done = aix("map", "acme/say", "in.csv", "--to", "out.csv")
    assert (done.status, done.out) == (0, "")
    assert done.err.endswith("4 of 4 rows. They are in out.csv.\n")
    assert rows_of(tmp_path / "out.csv") == [
        {"id": "1", "text": 'two\nlines, "quoted"', "result": 'two\nlines, "quoted"', "error": ""},
        {"id": "2", "text": "Γειά", "result": "Γειά", "error": ""},
        {"id": "3", "text": "", "result": "", "error": ""},
        {"id": "4", "text": "last", "result": "last", "error": ""},
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_columns_become_inputs_of_their_types_and_words_are_for_all(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('what,whole,loud,words\nhi,3,yes,\nho,,,"[""a"", ""b""]"\n')
    done = aix("map", "acme/typed", "in.csv", "part=0.5", "--column", "text=what")
    first, second = (json.loads(row["result"]) for row in csv.DictReader(done.out.splitlines()))
    assert (first["text"], first["whole"], first["loud"], first["words"], first["part"]) == ("hi", 3, True, None, 0.5)
    assert (second["text"], second["whole"], second["loud"], second["words"]) == ("ho", 7, False, ["a", "b"])


def test_json_lines_keep_their_values(aix: Aix, tmp_path: Path) -> None:
    lines = [{"text": "a", "n": 1}, {"text": None, "n": [2]}, {"text": "b", "other": {"x": 1}}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = aix("map", "acme/say", "in.jsonl")
    assert done.status == 1
    first, second, third = map(json.loads, done.out.splitlines())
    assert first == {"text": "a", "n": 1, "result": "a", "error": None}
    assert (second["n"], second["result"]) == ([2], None)
    assert second["error"] == "Parameter validation failed: Required parameter 'text' is missing"
    assert third == {"text": "b", "other": {"x": 1}, "result": "b", "error": None}
    assert "1 of which failed (see the column error)" in done.err


def test_parquet_keeps_its_schema(aix: Aix, tmp_path: Path) -> None:
    schema = pyarrow.schema([("when", pyarrow.timestamp("ms")), ("text", pyarrow.string()), ("n", pyarrow.int16())])
    table = pyarrow.Table.from_pylist([{"when": 5, "text": "a", "n": 1}, {"when": None, "text": None, "n": 2}], schema)
    pyarrow.parquet.write_table(table, tmp_path / "in.parquet")
    assert aix("map", "acme/say", "in.parquet", "--to", "out.parquet").status == 1
    out = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert out.schema.remove(4).remove(3) == schema
    assert out.column("result").to_pylist() == ["a", None]
    assert out.column("error").to_pylist()[1].startswith("Parameter validation failed")


def test_a_column_that_is_there_already_stays(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,result\nhi,earlier\n")
    assert aix("map", "acme/say", "in.csv").out == "text,result,result_2,error\nhi,earlier,hi,\n"


def test_files_are_sent_up_from_where_they_are(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("12345")
    (tmp_path / "in.csv").write_text("document\na.txt\nnone.txt\n")
    rows = list(csv.DictReader(aix("map", "acme/size", "in.csv").out.splitlines()))
    assert rows[0]["result"] == "5"
    assert "none.txt" in rows[1]["error"]


def test_only_what_failed_or_was_not_reached_is_run_again(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,whole\n" + "".join(f"row {n},{n}\n" for n in (1, 99, 3)))
    done = aix("map", "acme/typed", "in.csv", "--to", "out.csv")
    assert done.status == 1
    assert done.err.endswith("They are in out.csv. The same command runs what is left.\n")
    before = len(runs(aix, "acme/typed"))
    assert aix("map", "acme/typed", "in.csv", "--to", "out.csv").status == 1
    assert len(runs(aix, "acme/typed")) == before
    assert [bool(row["error"]) for row in rows_of(tmp_path / "out.csv")] == [False, True, False]


def runs(aix: Aix, model: str) -> list[Any]:
    return list(json.loads(aix("runs", "list", "--model", model, "--page-size", "1000", "--json").out))


def test_a_budget_stops_it_and_a_larger_one_goes_on(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\n" + "word\n" * 6)
    words = ("map", "acme/costs", "in.csv", "--to", "out.csv", "--concurrency", "1", "--budget")
    done = aix(*words, "10")
    assert done.status == 1
    assert "3 of 6 rows for 12 credits. They are in out.csv. The same command runs what is left." in done.err
    assert len(rows_of(tmp_path / "out.csv")) == 3
    done = aix(*words, "100", "--json")
    assert (done.status, json.loads(done.out)) == (0, {"rows": 6, "failed": 0, "usedCredits": 24.0, "to": "out.csv"})
    assert len(rows_of(tmp_path / "out.csv")) == 6


def test_to_overwrite_is_to_begin_anew(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,whole\nhi,99\n")
    assert aix("map", "acme/typed", "in.csv", "--to", "out.csv").status == 1
    (tmp_path / "in.csv").write_text("text,whole\nanother,1\n")
    assert aix("map", "acme/typed", "in.csv", "--to", "out.csv", "--overwrite").status == 0
    assert [row["text"] for row in rows_of(tmp_path / "out.csv")] == ["another"]


def test_no_rows_are_no_failure(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\n")
    done = aix("map", "acme/say", "in.csv", "--to", "out.csv")
    assert (done.status, done.err) == (0, "0 of 0 rows. They are in out.csv.\n")
    assert (tmp_path / "out.csv").read_text() == "text,result,error\n"


def test_ctrl_c_keeps_what_is_done_and_cancels_the_rest(
    started: Started, aix: Aix, tmp_path: Path, gate: threading.Event
) -> None:
    gate.clear()
    (tmp_path / "in.jsonl").write_text('{"text": "one"}\n{"text": "slow"}\n')
    running = started("map", "acme/talk", "in.jsonl", "--to", "out.jsonl", "--concurrency", "1")
    assert running.stderr.readline() == "1 of 2 rows: 50 %\n"
    running.interrupt()
    done = running.end()
    gate.set()
    assert (done.status, done.out) == (130, "")
    assert done.err == "1 of 2 rows. They are in out.jsonl. The same command runs what is left.\n"
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 1
    assert aix("map", "acme/talk", "in.jsonl", "--to", "out.jsonl").status == 0
    assert [json.loads(line)["text"] for line in (tmp_path / "out.jsonl").read_text().splitlines()] == ["one", "slow"]


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ("a,b\n1,2\n", (), "None of the columns of in.csv (a, b) is called text, which is what acme/say takes."),
        ("a,b\n1,2\n", ("-c", "c"), "in.csv has no column 'c'; there are a, b."),
        ("a,b\n1,2\n", ("-c", "txt=a"), "The model has no input 'txt'; there are text."),
        ("", (), "'in.csv' is empty; its first row is to have the names of the columns."),
        ("a,a\n1,2\n", (), "'in.csv' has more than one column 'a'."),
        ("text\nhi\n", ("--to", "out.jsonl"), "'out.jsonl' is to be like 'in.csv': let its name end in .csv."),
        ("text\nhi\n", ("--json",), "--json goes with --to FILE"),
        ("text\nhi\n", ("--to", "in.csv"), "'in.csv' is the file that is read. Name another file with --to."),
        ("text\nhi\n", ("loud=yes",), "acme/say has no input 'loud'"),
        ('text\n"open', (), "'in.csv' can't be read near line 2"),
    ],
)
def test_what_can_not_be_is_said_before_anything_is_run(
    refused: Refused, tmp_path: Path, content: str, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "in.csv").write_text(content)
    assert refused("map", "acme/say", "in.csv", *words).startswith(said)


def test_files_of_other_kinds_are_refused(refused: Refused, tmp_path: Path) -> None:
    assert refused("map", "acme/say", "none.csv").startswith("The file 'none.csv' is not there.")
    (tmp_path / "in.txt").write_text("hi")
    assert refused("map", "acme/say", "in.txt").startswith(
        "'in.txt' is of no kind that is known here; a table's name ends in .csv"
    )
    (tmp_path / "in.parquet").write_text("hi")
    assert refused("map", "acme/say", "in.parquet").startswith("'in.parquet' can't be read as Parquet:")


def test_a_row_that_is_none_ends_it_with_its_place(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\none\ntwo,2\n")
    done = aix("map", "acme/say", "in.csv")
    assert (done.status, done.out) == (2, "text,result,error\none,one,\n")
    assert "Row 2 of 'in.csv' has 2 cells for 1 columns." in done.err
    (tmp_path / "in.jsonl").write_text('{"text": "one"}\n[]\n')
    done = aix("map", "acme/say", "in.jsonl")
    assert done.status == 2
    assert "Line 2 of 'in.jsonl' is no JSON object" in done.err


def test_without_pyarrow_a_parquet_file_says_what_it_needs(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from aixplain.cli import main; main()"
    (tmp_path / "in.parquet").write_bytes(b"")
    done = subprocess.run(
        [sys.executable, "-c", code, "map", "m", "in.parquet"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "aix: Parquet files need pyarrow, which is not installed: pip install 'aixplain-models[parquet]'\n"


FORMATS = {
    ".csv": lambda path, texts: path.write_text("text\n" + "".join(f"{text}\n" for text in texts)),
    ".tsv": lambda path, texts: path.write_text("text\n" + "".join(f"{text}\n" for text in texts)),
    ".jsonl": lambda path, texts: path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts)),
    ".parquet": lambda path, texts: pyarrow.parquet.write_table(pyarrow.table({"text": texts}), path),
}


@pytest.mark.parametrize("ending", FORMATS)
def test_a_finished_output_stays_as_it_was_when_its_checkpoint_is_refused(aix: Aix, tmp_path: Path, ending: str) -> None:
    source, to = tmp_path / f"in{ending}", tmp_path / f"out{ending}"
    FORMATS[ending](source, ["a", "b", "c"])
    command = ("map", "acme/broken", source.name, "--to", to.name)
    assert aix(*command).status == 1
    finished = to.read_bytes()
    checkpoint = to.with_name(to.name + ".checkpoint")
    assert aix("map", "acme/say", *command[2:]).status == 1  # another model's checkpoint
    assert to.read_bytes() == finished
    assert checkpoint.exists()
    assert aix("map", "acme/say", *command[2:], "--overwrite").status == 0
    assert to.read_bytes() != finished
    assert sorted(path.name for path in tmp_path.iterdir()) == [source.name, to.name]


def test_an_output_stays_when_an_input_has_changed_and_the_way_out_is_told(aix: Aix, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,whole\na,1\nb,2\nc,99\n")
    command = ("map", "acme/typed", "in.csv", "--to", "out.csv")
    assert aix(*command).status == 1
    finished = (tmp_path / "out.csv").read_bytes()
    (tmp_path / "in.csv").write_text("text,whole\na,1\nchanged,2\nc,99\n")
    again = aix(*command)
    assert again.status == 1
    assert "'out.csv' is left as it was. To begin anew, add --overwrite." in again.err
    assert (tmp_path / "out.csv").read_bytes() == finished
    (tmp_path / "in.csv").write_text("text,whole\nnew,1\nbad,1,2\n")
    assert aix(*command, "--overwrite").status == 2
    assert (tmp_path / "out.csv").read_bytes() == finished


def test_an_output_is_no_input_and_no_folder(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\na\n")
    (tmp_path / "folder.csv").mkdir()
    assert "is the file that is read" in refused("map", "acme/say", "in.csv", "--to", "in.csv", "--overwrite")
    assert "is a folder" in refused("map", "acme/say", "in.csv", "--to", "folder.csv")
    assert "is not there" in refused("map", "acme/say", "in.csv", "--to", "nowhere/out.csv")
    assert (tmp_path / "in.csv").read_text() == "text\na\n"
