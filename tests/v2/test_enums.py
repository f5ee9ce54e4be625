"""The platform's words: all of them are here, each is found by every name it has, and new ones survive."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import msgspec
import pytest

from aixplain.v2.enums import (
    AssetStatus,
    DataType,
    Function,
    Language,
    OwnershipType,
    ResponseStatus,
    SortBy,
    SortOrder,
    Supplier,
)
from aixplain.v2.model import find_function_by_id, find_supplier_by_id

EVERY = [AssetStatus, DataType, Function, Language, OwnershipType, ResponseStatus, SortBy, SortOrder, Supplier]


@pytest.mark.parametrize(("enum", "count"), [(Function, 127), (Supplier, 80), (Language, 284), (AssetStatus, 18)])
def test_all_of_the_platform_s_words_are_here(enum: Any, count: int) -> None:
    assert len(enum) == len(enum.__members__) == count


@pytest.mark.parametrize(
    ("member", "code", "label"),
    [
        (Function.TEXT_GENERATION, "text-generation", "Text Generation"),
        (Function.TRANSLATION, "translation", "Translation"),
        (Function.SPEECH_RECOGNITION, "speech-recognition", "Speech Recognition"),
        (Function.SENTIMENT_ANALYSIS, "sentiment-analysis", "Sentiment Analysis"),
        (Function.TEXT_SUMMARIZATION, "text-summarization", "Text summarization"),
        (Function.BASE_MODEL, "base-model", "Base-Model"),
        (Function.OTHER_MULTIPURPOSE, "other-(multipurpose)", "Other (Multipurpose)"),
        (Supplier.AIXPLAIN, "aixplain", "aixplain"),
        (Supplier.AZURE, "azure", "Microsoft"),
        (Supplier.BAAI, "BAAI", "Beijing Academy of Artificial Intelligence"),
        (Supplier.TOGETHER_AI, "together-ai", "Together AI"),
    ],
)
def test_a_word_has_its_code_and_the_name_that_people_read(member: Any, code: str, label: str) -> None:
    assert (member.value, member.wire, str(member), member.label) == (code, code, code, label)


@pytest.mark.parametrize(
    ("supplier", "id"),
    [(Supplier.AIXPLAIN, 1), (Supplier.AWS, 1763), (Supplier.AZURE, 1766), (Supplier.OPENAI, 1777), (Supplier.BAAI, 29643)],
)
def test_a_supplier_has_its_number(supplier: Supplier, id: int) -> None:
    assert supplier.id == id
    assert find_supplier_by_id(id) is find_supplier_by_id(str(id)) is Supplier.lookup(id) is supplier


@pytest.mark.parametrize(
    ("language", "code", "dialect"),
    [
        (Language.ENGLISH, "en", ""),
        (Language.ENGLISH_UNITED_STATES, "en", "United States"),
        (Language.SPANISH_MEXICO, "es", "Mexico"),
        (Language.CHINESE_TAIWANESE_MANDARIN, "zh", "Taiwanese, Mandarin"),
        (Language.UKRAINIAN, "ukr", ""),
    ],
)
def test_a_language_travels_as_its_code(language: Language, code: str, dialect: str) -> None:
    assert (language.code, language.wire, str(language), language.dialect) == (code, code, code, dialect)
    assert json.dumps(language) == msgspec.json.encode(language).decode() == f'"{code}"'


def names_of(member: Any) -> list[str]:
    spellings = [member.value, member.name, member.name.lower(), member.name.replace("_", "-"), member.value.upper()]
    return [*spellings, *([member.label] if isinstance(member, Function | Supplier) else [])]


@pytest.mark.parametrize("enum", EVERY)
def test_every_member_is_found_by_each_of_its_names(enum: Any) -> None:
    assert [name for member in enum for name in names_of(member) if enum.lookup(name) is not member] == []
    assert [member for member in enum if enum.lookup(member) is not member or enum(member.value) is not member] == []


@pytest.mark.parametrize("member", [Function.TRANSLATION, Supplier.OPENAI, Language.SPANISH_MEXICO, SortOrder.DESC], ids=repr)
def test_a_member_is_copied_and_pickled_as_itself(member: Any) -> None:
    assert copy.copy(member) is copy.deepcopy(member) is member
    assert pickle.loads(pickle.dumps(member)) is member


@pytest.mark.parametrize(
    ("enum", "spelling", "member"),
    [
        (Function, "TEXT_GENERATION", Function.TEXT_GENERATION),
        (Function, "text_generation", Function.TEXT_GENERATION),
        (Function, " Text Generation ", Function.TEXT_GENERATION),
        (Supplier, "1777", Supplier.OPENAI),
        (Supplier, "OpenAI", Supplier.OPENAI),
        (Supplier, "Microsoft", Supplier.AZURE),
        (Language, "ES", Language.SPANISH),
        (Language, "spanish", Language.SPANISH),
        (Language, "Spanish Mexico", Language.SPANISH_MEXICO),
        (Language, "es (Mexico)", Language.SPANISH_MEXICO),
        (SortBy, "created_at", SortBy.CREATED_AT),
        (SortBy, "createdAt", SortBy.CREATED_AT),
        (SortOrder, "desc", SortOrder.DESC),
        (AssetStatus, "ONBOARDED", AssetStatus.ONBOARDED),
        (OwnershipType, "team", OwnershipType.TEAM),
    ],
)
def test_a_word_is_found_in_either_spelling(enum: Any, spelling: str, member: Any) -> None:
    assert enum.lookup(spelling) is member


@pytest.mark.parametrize("unknown", ["mind-reading", "", None, 0, -1, 99999, [], {}, 1.5, "text generations"])
@pytest.mark.parametrize("enum", EVERY)
def test_a_word_that_nobody_knows_is_none(enum: Any, unknown: Any) -> None:
    assert enum.lookup(unknown) is None


def test_functions_are_found_by_id_in_either_spelling() -> None:
    assert find_function_by_id("text-generation") is find_function_by_id("TEXT_GENERATION") is Function.TEXT_GENERATION
    assert find_function_by_id(Function.TRANSLATION) is Function.TRANSLATION
    assert find_function_by_id("mind-reading") is None


@pytest.mark.parametrize("unknown", ["openai", "99999", 99999, "", None, -1])
def test_a_supplier_is_found_by_its_number_alone(unknown: Any) -> None:
    assert find_supplier_by_id(unknown) is None


def test_a_sort_order_travels_as_a_direction() -> None:
    assert (SortOrder.ASC.direction, SortOrder.DESC.direction) == (1, -1)


def test_a_member_equals_and_hashes_as_its_text() -> None:
    assert Function.TRANSLATION == "translation"
    assert {Supplier.OPENAI: 1}["openai"] == 1
    assert f"{Function.TRANSLATION}" == "translation"
