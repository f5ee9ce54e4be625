"""A key that a service repeats is shown nowhere."""

from __future__ import annotations

from aixplain._wire.redaction import redact, redact_data


def test_a_key_is_removed_wherever_it_stands() -> None:
    assert redact(b"bad key sk-1234567890, sk-1234567890x", "sk-1234567890").decode() == "bad key …, …x"
    assert redact(rb'{"error": "key a\"b is bad"}', 'a"b').decode() == '{"error": "key … is bad"}'


def test_a_short_key_is_removed_where_it_stands_alone() -> None:
    assert redact(b"Backend k took key=k", "k").decode() == "Backend … took key=…"
    assert redact(b"Backend", None) == redact(b"Backend", "") == b"Backend"


def test_data_without_the_key_is_the_same_data() -> None:
    data = {"error": ["no"], "n": 1}
    assert redact_data(data, "secret-key") is data
    assert redact_data({"error": {"key": "secret-key"}}, "secret-key") == {"error": {"key": "…"}}


def test_what_is_nested_too_deeply_is_left_out_alone() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    assert redact_data({"error": "key secret-key", "data": deep}, "secret-key") == {"error": "key …"}
    assert redact_data({"error": "no", "data": deep}, None) == {"error": "no"}
