"""A map goes on where it was stopped, and notices when it is another one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aixplain import Aixplain, CheckpointError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "done.jsonl"


@pytest.fixture
def mapped(model: Any, file: Path) -> Callable[..., list[Any]]:
    """`mapped(values)` maps with the checkpoint, and gives what the model answered; None for a failure."""

    def run(values: Any, **options: Any) -> list[Any]:
        items = model.map(values, concurrency=2, checkpoint=file, **options)
        return [item.result.data if item.result else None for item in items]

    return run


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_what_was_done_comes_again_without_a_run(model: Any, service: Any, file: Path) -> None:
    values = ["a", "cost 0.5 b"]
    first = list(model.map(values, checkpoint=file))
    again = list(model.map([*values, "c"], checkpoint=str(file)))
    assert [(item.index, item.inputs, item.result) for item in again[:2]] == [
        (item.index, item.inputs, item.result) for item in first
    ]
    assert again[1].result.used_credits == 0.5
    assert again[1].result._raw_data == first[1].result._raw_data
    assert again[2].result.data == "C"
    assert sorted(service.texts) == ["a", "c", "cost 0.5 b"]


def test_what_failed_is_run_again(mapped: Any, service: Any, file: Path) -> None:
    assert mapped(["a", "fail", 7, object()]) == ["A", None, None, None]
    assert mapped(["a", "fail", "b", "c"]) == ["A", None, "B", "C"]
    assert sorted(service.texts) == ["a", "b", "c", "fail", "fail"]
    assert [line.get("error", "")[:30] for line in lines(file) if line.get("index") == 1] == [
        "APIError: Operation failed: it"
    ] * 2


def test_an_input_that_is_no_text_at_all_is_written_down_too(model: Any, file: Path) -> None:
    values = ["\ud800", {"text": "a", "stream\ud800": 1}, {"text": 7, "\ud800": 1}]
    with pytest.warns(UserWarning, match="not found"):
        items = list(model.map(values, checkpoint=file))
    assert all(item.error for item in items)
    assert len(lines(file)) == 4


def test_the_file_names_the_model_and_holds_no_inputs(mapped: Any, file: Path) -> None:
    mapped(["secret Words"])
    head, entry = lines(file)
    assert head == {"aixplain_map": 1, "model": "m1"}
    assert (entry["index"], entry["credits"], entry["result"]["data"]) == (0, 1.0, "SECRET WORDS")
    assert "secret Words" not in file.read_text()


def test_a_line_is_written_before_its_item_is_given_out(model: Any, file: Path) -> None:
    with model.map(list("abc"), checkpoint=file, ordered=False, concurrency=1) as items:
        for item in items:
            assert item.index in {line.get("index") for line in lines(file)}


@pytest.mark.parametrize("torn", [b'{"index": 2, "inp', b"{", b"\x00" * 50, b'{"index":2,"input":"x","result":{}}'])
def test_a_torn_last_line_is_cut_off(mapped: Any, service: Any, file: Path, torn: bytes) -> None:
    mapped(["a", "b"])
    with file.open("ab") as end:
        end.write(torn)
    assert mapped(["a", "b", "c"]) == ["A", "B", "C"]
    assert sorted(service.texts) == ["a", "b", "c"]
    assert {line.get("index") for line in lines(file)} == {None, 0, 1, 2}


@pytest.mark.parametrize("length", [0, 1, 20])
def test_a_torn_first_line_is_begun_again(mapped: Any, file: Path, length: int) -> None:
    mapped(["a"])
    file.write_bytes(file.read_bytes()[:length])
    assert mapped(["a"]) == ["A"]
    assert [line.get("index") for line in lines(file)] == [None, 0]


@pytest.mark.parametrize("damage", [b"\x00\x00\x00\n", b"{}\n", b"[1]\n", b'{"index":-1,"input":""}\n', b"\xff\n"])
def test_a_damaged_line_costs_its_own_input_alone(mapped: Any, service: Any, file: Path, damage: bytes) -> None:
    mapped(["a", "b", "c"])
    head, *entries = file.read_bytes().splitlines(keepends=True)
    whole = [entry for entry in entries if b'"B"' not in entry]
    file.write_bytes(b"".join([head, damage, *whole]))
    assert mapped(["a", "b", "c"]) == ["A", "B", "C"]
    assert sorted(service.texts) == ["a", "b", "b", "c"]


def test_another_input_in_a_place_is_noticed(model: Any, mapped: Any, service: Any, file: Path) -> None:
    mapped(["a", "b", "c"])
    seen = []
    with pytest.raises(CheckpointError, match=r"Input 1 is not the one that the checkpoint .*done\.jsonl has in its"):
        seen.extend(item.index for item in model.map(["a", "B", "c"], checkpoint=file))
    assert seen == [0]
    assert sorted(service.texts) == ["a", "b", "c"]


def test_other_settings_are_noticed(mapped: Any) -> None:
    mapped(["a"], size=1)
    assert mapped(["a"], size=1) == ["A"]
    with pytest.raises(CheckpointError, match="the inputs, or the settings that they share, have changed"):
        mapped(["a"], size=2)


def test_keys_that_are_numbers_count_too(mapped: Any) -> None:
    mapped([{"text": "a", "size": {1: "x", "y": 2}}])
    with pytest.raises(CheckpointError, match="have changed"):
        mapped([{"text": "a", "size": {2: "x", "y": 2}}])


def test_the_models_own_values_are_settings_too(model: Any, mapped: Any) -> None:
    mapped(["a"])
    model.inputs.size = 3
    with pytest.raises(CheckpointError, match="have changed"):
        mapped(["a"])


def test_a_file_counts_by_its_path(aix: Any, letter: Path, file: Path) -> None:
    model = aix.Model.get("acme/size")
    for _ in range(2):
        assert [item.result.data for item in model.map([letter], checkpoint=file)] == [1234]
        letter.write_bytes(b"changed")
    with pytest.raises(CheckpointError):
        list(model.map([letter.parent / "other.txt"], checkpoint=file))


def test_another_model_is_noticed_and_nothing_is_changed(mapped: Any, file: Path) -> None:
    file.write_text('{"aixplain_map": 1, "model": "another"}\n')
    with pytest.raises(CheckpointError, match="is of the model another, and this is m1"):
        mapped(["a"])
    assert file.read_text() == '{"aixplain_map": 1, "model": "another"}\n'


@pytest.mark.parametrize(
    "content", ["my notes", "my notes\nof today\n", '{"text": "hi"}\n', '{"aixplain_map":2,"model":"m1"}\n']
)
def test_somebodys_file_is_left_as_it_is(mapped: Any, service: Any, file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(CheckpointError, match="is no checkpoint of a map, so nothing was written to it"):
        mapped(["a"])
    assert (file.read_text(), service.texts) == (content, [])


def test_two_maps_at_a_time_are_refused_one_file(model: Any, mapped: Any, file: Path) -> None:
    with model.map(["a", "b"], checkpoint=file) as items:
        next(iter(items))
        with pytest.raises(CheckpointError, match="in use by another map"):
            mapped(["a", "b"])
    assert mapped(["a", "b"]) == ["A", "B"]


def test_a_folder_that_is_not_there_is_a_sentence(model: Any, file: Path) -> None:
    with pytest.raises(CheckpointError, match=r"can't be used: No such file or directory\. Is there such a folder"):
        list(model.map(["a"], checkpoint=file.parent / "none" / "done.jsonl"))


BLOCKING = """
import sys
from aixplain import Aixplain
url, file, *values = sys.argv[1:]
for item in Aixplain(backend_url=url).Model.get("m1").map(values, checkpoint=file, concurrency=2):
    print(item.result.data, flush=True)
"""
ON_ASYNCIO = """
import asyncio, sys
from aixplain import AsyncAixplain
url, file, *values = sys.argv[1:]
async def main():
    async with AsyncAixplain(backend_url=url) as aix:
        async for item in (await aix.Model.get("m1")).map(values, checkpoint=file, concurrency=2):
            print(item.result.data, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("script", [BLOCKING, ON_ASYNCIO])
def test_a_map_that_was_killed_goes_on(service: Any, file: Path, script: str) -> None:
    values = [*map(str, range(20)), "stuck", "stuck too"]
    with subprocess.Popen([sys.executable, "-c", script, service.url, file, *values], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        seen = [process.stdout.readline().decode().strip() for _ in range(20)]
        process.kill()
    assert seen == values[:20]
    before = len(service.texts)
    with Aixplain(backend_url=service.url) as aix:
        items = list(aix.Model.get("m1").map([*values[:20], "a", "b"], checkpoint=file))
    assert [item.result.data if item.result else None for item in items] == [*seen, "A", "B"]
    later = service.texts[before:]  # the service may hear of what was killed a little late
    assert sorted(text for text in later if not text.startswith("stuck")) == ["a", "b"]


def test_a_full_disk_loses_no_result_and_is_said(service: Any, file: Path) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))" + BLOCKING
    command = [sys.executable, "-c", limited, service.url, file, *map(str, range(50))]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    given = ended.stdout.split()
    assert given == [str(number) for number in range(len(given))]
    assert sorted(service.texts) == sorted(given)
    assert 1 < len(given) < 10
    assert f"CheckpointError: The checkpoint {file} can't be used: File too large" in ended.stderr
