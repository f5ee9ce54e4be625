"""What `aix hub serve` is told: an option goes before the environment, the environment before the file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aixplain.hub import Settings
from aixplain.hub.serving import Serving, read


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        (tmp_path / "hub.toml").write_text(text)
        return str(tmp_path / "hub.toml")

    return write


def refused(options: dict[str, Any], environment: dict[str, str]) -> str:
    with pytest.raises(ValueError, match=r"\.$|\?$|\)$") as caught:
        read(options, environment)
    return str(caught.value)


def test_nothing_said_means_the_defaults() -> None:
    assert read({"port": None, "config": None}, {"HOME": "/root"}) == Serving()


def test_the_stronger_goes_first(file: Callable[[str], str]) -> None:
    config = file('port = 1\nmost_streams = 1\ngrace = 1\nlog_level = "info"\n')
    environment = {"AIXPLAIN_HUB_CONFIG": config, "AIXPLAIN_HUB_PORT": "2", "AIXPLAIN_HUB_GRACE": "2"}
    told = read({"port": 3, "grace": None}, environment)
    assert (told.port, told.grace, told.most_streams, told.log_level) == (3, 2, 1, "info")


def test_what_is_said_comes_before_a_programs_own_also_when_it_is_the_default() -> None:
    own = Settings(grace=60, keeps_contents=True, most_streams=7)
    told = read({"grace": Settings().grace}, {"AIXPLAIN_HUB_KEEPS_CONTENTS": "false"}).over(own)
    assert (told.grace, told.keeps_contents, told.most_streams) == (Settings().grace, False, 7)


def test_every_setting_may_stand_in_the_file_and_in_the_environment(file: Callable[[str], str]) -> None:
    samples = {str: "x", int: 7, float: 7.5, bool: True, tuple: ["k"]}
    kinds = {each.name: type(each.default) for each in dataclasses.fields(Serving) if each.name != "_said"}
    addresses = {"root_path": "/x", "public_url": "https://x", "trusted_proxies": ["10.0.0.1"]}
    named = {"log_format": "json", "log_level": "debug", **addresses}
    values = {name: samples.get(kind, "x") for name, kind in kinds.items()} | named
    wanted = Serving(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
    lines = [f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for name, value in values.items()]
    assert read({"config": file("\n".join(lines))}, {}) == wanted
    texts = {name: value[0] if isinstance(value, list) else str(value).lower() for name, value in values.items()}
    assert read({}, {f"AIXPLAIN_HUB_{name.upper()}": text for name, text in texts.items()}) == wanted


def test_keys_are_separated_by_commas_or_lines(tmp_path: Path, file: Callable[[str], str]) -> None:
    assert read({}, {"AIXPLAIN_HUB_KEYS": "one, two,"}).keys == ("one", "two")
    (tmp_path / "keys").write_text("one\ntwo\n")
    assert read({}, {"AIXPLAIN_HUB_KEYS_FILE": str(tmp_path / "keys")}).keys == ("one", "two")
    assert read({"config": file('keys = ["one", "two"]')}, {}).keys == ("one", "two")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("most_stream = 1", "'most_stream' in {} is no setting of a hub (did you mean 'most_streams'?)."),
        ("port = '8180'", "port in {} can't be used: Expected `int`, got `str`."),
        ("log_format = 'xml'", "log_format in {} can't be used: Invalid enum value 'xml'. It is text or json."),
        ("grace = -1", "grace is a number from 0, and not -1"),
        ("port 1", "The settings file {} is no TOML: Expected '=' after a key"),
        ("keys = ['a-secret', 5]", "keys in {} can't be used: Expected `str`, got `int` - at `$[1]`."),
    ],
)
def test_what_is_wrong_in_the_file_is_told(file: Callable[[str], str], text: str, words: str) -> None:
    config = file(text)
    said = refused({"config": config}, {})
    assert said.startswith(words.format(config))
    assert "a-secret" not in said


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert refused({"config": "nowhere.toml"}, {}) == "The settings file nowhere.toml can't be read: No such file or directory."
    said = refused({}, {"AIXPLAIN_HUB_KEYS_FILE": str(tmp_path / "nowhere")})
    assert said.startswith(f"The file {tmp_path / 'nowhere'}, which AIXPLAIN_HUB_KEYS_FILE names, can't be read: ")


def test_what_is_wrong_in_the_environment_is_told() -> None:
    assert refused({}, {"AIXPLAIN_HUB_PORT": "x"}) == "AIXPLAIN_HUB_PORT can't be used: Expected `int`, got `str`."
    said = refused({}, {"AIXPLAIN_HUB_MOST_STREAM": "1"})
    assert said == "The variable AIXPLAIN_HUB_MOST_STREAM means nothing to a hub. Did you mean AIXPLAIN_HUB_MOST_STREAMS?"


def test_variables_that_kubernetes_sets_for_a_service_are_no_ones_business() -> None:
    theirs = {"AIXPLAIN_HUB_SERVICE_HOST": "10.0.0.1", "AIXPLAIN_HUB_PORT_8180_TCP": "tcp://10.0.0.1:8180"}
    assert read({}, theirs) == Serving()
