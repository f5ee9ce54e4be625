"""What an error carries beside its text."""

from __future__ import annotations

from aixplain.v2.exceptions import APIError, StreamFailedError


def test_an_api_error_has_its_message_as_error_unless_the_service_said_another_one() -> None:
    assert APIError("m").error == "m"
    assert APIError(["a", "b"]).error == "a; b"
    assert APIError("Operation failed: quota", 485, {"requestId": "r"}, "quota").error == "quota"
    assert APIError("m").details == {"status_code": 0, "response_data": {}, "error": "m"}
    assert StreamFailedError("m", "partial").error == "m"
