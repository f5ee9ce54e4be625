"""What `aix hub add --vendor` reads of a vendor's models, and what it says where there is nothing to read."""

from __future__ import annotations

import asyncio

import pytest

from aixplain.cli.failures import UsageProblem
from aixplain.cli.offers import Wanted, read
from aixplain.hub.backends import ModelError
from aixplain.hub.backends.service import KeyProblem
from aixplain.hub.declarations import UpstreamSpec

EVERYTHING = Wanted([], {})


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_KEY", "a-key-that-nobody-may-see")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)


def offered(vendor: str, wanted: Wanted = EVERYTHING, key_env: str | None = "VENDOR_KEY", url: str = "") -> dict[str, str]:
    """Its models, and what they do."""
    found = asyncio.run(read(UpstreamSpec("up", url, key_env, vendor=vendor), wanted))
    assert isinstance(found, UpstreamSpec)
    return {model.id: model.function for model in found.models}


def test_those_of_a_vendor_without_a_list_are_named() -> None:
    wanted = Wanted(["claude-x", "an-embedding", "mine"], {"mine": "text-embedding"})
    assert offered("azureanthropic", wanted, url="http://127.0.0.1:9") == {
        "claude-x": "text-generation",
        "an-embedding": "text-embedding",
        "mine": "text-embedding",
    }
    with pytest.raises(UsageProblem, match="Name them with --models"):
        offered("azureanthropic", url="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("vendor", "words"),
    [
        ("antropic", "The library knows no vendor 'antropic'. Did you mean anthropic?"),
        ("nobody", "It is one of anthropic, "),
        ("gemini", r"needs a library of its own: pip install 'any-llm-sdk\[gemini\]'"),
    ],
)
def test_a_vendor_that_is_not_there_is_a_sentence(vendor: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        offered(vendor)


def test_a_key_that_no_variable_is_named_for_is_looked_for_where_it_usually_is() -> None:
    with pytest.raises(KeyProblem) as caught:
        offered("anthropic", key_env=None)
    assert "set ANTHROPIC_API_KEY" in caught.value.advice


def test_a_vendor_that_is_asked_at_its_own_address_alone_has_no_other() -> None:
    with pytest.raises(ModelError, match="so there is no --url"):
        offered("voyage", url="http://127.0.0.1:9")


def test_what_no_model_of_a_vendor_does_here_is_a_sentence() -> None:
    with pytest.raises(UsageProblem, match="do one of text-embedding, text-generation"):
        offered("anthropic", Wanted([], {"x": "speech-synthesis"}))
