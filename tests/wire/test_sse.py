"""Server-sent events, read from bytes that arrive in any pieces."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aixplain._wire.sse import DONE, EventDecoder, encode_event


def events(pieces: Iterable[bytes]) -> list[bytes]:
    decoder = EventDecoder()
    found = [event for piece in pieces for event in decoder.feed(piece)]
    return found + decoder.end()


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_a_line_ends_at_each_of_the_three_line_ends(end: bytes) -> None:
    stream = end.join([b"data: a", b"", b"data: b", b"data: c", b"", b""])
    assert events([stream]) == [b"a", b"b\nc"]


def test_the_line_ends_may_be_mixed() -> None:
    assert events([b"data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r"]) == [b"a\nb\nc", b"d"]


def test_a_crlf_split_over_two_pieces_is_one_line_end() -> None:
    assert events([b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"]) == [b"a\nb"]


def test_a_crlf_split_around_an_empty_piece_is_one_line_end() -> None:
    assert events([b"data: a\r", b"", b"\ndata: b\n\n"]) == [b"a\nb"]


def test_a_cr_at_the_end_of_a_piece_gives_its_event_without_waiting() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"data: a\r\r") == [b"a"]
    assert decoder.feed(b"data: b\r\n\r") == [b"b"]
    assert decoder.feed(b"\n") == []


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\u0085", "\v", "\f", "\x1c", "\x1d", "\x1e"])
def test_what_python_calls_a_line_break_is_text(character: str) -> None:
    token = f"one{character}two".encode()
    assert events([b"data: " + token + b"\n\n"]) == [token]


@pytest.mark.parametrize(
    "line",
    [b": a comment", b":", b"event: message", b"id: 7", b"retry: 100", b"unknown: x", b"database: x", b"no field at all"],
)
def test_a_line_that_is_no_data_is_skipped(line: bytes) -> None:
    assert events([line + b"\n\ndata: a\n" + line + b"\ndata: b\n" + line + b"\n\n"]) == [b"a\nb"]


def test_an_event_without_data_is_no_event() -> None:
    assert events([b"event: ping\n\n\n\n: keep-alive\n\n"]) == []


@pytest.mark.parametrize(
    ("line", "data"),
    [
        (b"data:a", b"a"),
        (b"data: a", b"a"),
        (b"data:  a", b" a"),
        (b"data: a ", b"a "),
        (b"data:\ta", b"\ta"),
        (b"data: a: b", b"a: b"),
        (b"data:", b""),
        (b"data: ", b""),
        (b"data", b""),
    ],
)
def test_one_space_after_the_colon_is_not_part_of_the_data(line: bytes, data: bytes) -> None:
    assert events([line + b"\ndata: end\n\n"]) == [data + b"\nend"]


def test_several_data_lines_are_one_event_of_several_lines() -> None:
    assert events([b'data: {"data":\ndata: \ndata: "a"}\n\n']) == [b'{"data":\n\n"a"}']


@pytest.mark.parametrize("rest", [b"data: b", b"data: b\n", b"data: b\r", b"data: b\r\n"])
def test_the_last_event_counts_without_its_blank_line(rest: bytes) -> None:
    assert events([b"data: a\n\n" + rest]) == [b"a", b"b"]


def test_the_end_of_a_whole_stream_adds_nothing() -> None:
    assert events([b"data: a\n\n"]) == [b"a"]
    assert events([]) == []


@pytest.mark.parametrize("cut", range(5))
def test_a_byte_order_mark_at_the_start_is_skipped_however_it_is_split(cut: int) -> None:
    stream = b"\xef\xbb\xbfdata: a\n\n"
    assert events([stream[:cut], stream[cut:]]) == [b"a"]


def test_a_byte_order_mark_further_on_is_text() -> None:
    mark = b"\xef\xbb\xbf"
    assert events([b"data: a" + mark + b"\n\n", b"data: b\n\n"]) == [b"a" + mark, b"b"]


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_character_split_over_two_pieces_stays_whole(cut: int) -> None:
    face = "\N{GRINNING FACE}".encode()
    assert events([b"data: " + face[:cut], face[cut:] + b"\n\n"]) == [face]


def test_an_event_is_given_as_soon_as_it_is_whole() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"data: a") == []
    assert decoder.feed(b"\n") == []
    assert decoder.feed(b"\ndata: b\n\ndata: c") == [b"a", b"b"]
    assert decoder.end() == [b"c"]


fragments = st.sampled_from(
    [
        b"data: ",
        b"data:",
        b"data",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b": c",
        b"event: e",
        b"{}",
        "\u2028é".encode(),
        b"\xef\xbb\xbf",
    ]
)


@example(stream=b"data: a\r\n\r\ndata: b\r\n\r\n", cuts=list(range(30)))
@example(stream=b"data: a\r\ndata: b\n\n", cuts=[8, 8])
@example(stream=b"\n\n\n", cuts=[2])
@example(stream=b"\xef\xbb\xbfdata: a\n\n", cuts=[0, 1, 2])
@given(stream=st.lists(fragments, max_size=25).map(b"".join), cuts=st.lists(st.integers(0, 120), max_size=12))
def test_any_split_of_the_bytes_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in itertools.pairwise(places)]
    assert events(pieces) == events([stream])


@given(st.lists(st.text().filter(lambda text: "\n" not in text and "\r" not in text), min_size=1))
def test_what_is_encoded_is_decoded(tokens: list[str]) -> None:
    data = [token.encode() for token in tokens]
    assert events(map(encode_event, data)) == data


def test_the_end_mark_is_an_event() -> None:
    assert events([DONE]) == [b"[DONE]"]
