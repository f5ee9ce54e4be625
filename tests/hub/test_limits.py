"""What is counted in memory: exactly, and never longer than its window."""

from __future__ import annotations

import asyncio
import time

import pytest

from aixplain.hub.errors import Refusal
from aixplain.hub.limits import DAY, MINUTE, MemoryLimiter, Windows
from aixplain.hub.store.keys import Key, Limits
from aixplain.hub.store.runs import Ending
from aixplain.hub.store.usage import Spent

NOON = 20_000 * DAY + DAY / 2


class Clock:
    """A time of day that is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    set_clock = Clock()
    monkeypatch.setattr(time, "time", set_clock)
    return set_clock


class Counting:
    """A limiter that counts in memory, and the ledger that it asks."""

    def __init__(self) -> None:
        self.ledger: list[Spent] = []
        self.asked: list[tuple[str, float, int, int]] = []
        self.limiter = MemoryLimiter(self._spent)

    def _spent(self, *asked: object) -> list[Spent]:
        self.asked.append(asked)  # type: ignore[arg-type]
        return [Spent(*(getattr(each, name) for name in Spent.__struct_fields__)) for each in self.ledger]

    def refused(self, key: Key, model: str = "acme/shout") -> Refusal | None:
        try:
            asyncio.run(self.limiter.admit(key, model))
        except Refusal as refusal:
            return refusal
        return None

    def use(self, key: Key, tokens: int, credits: float = 0.0, model: str = "acme/shout") -> None:
        ending = Ending("finished", b"{}", prompt_tokens=tokens, credits=credits)
        self.limiter.add(key.id, model, ending)


@pytest.fixture
def counting(clock: Clock) -> Counting:
    return Counting()


def test_a_minute_has_its_requests_and_the_next_one_too(counting: Counting, clock: Clock) -> None:
    key = Key("1", "ada", limits=Limits(rpm=2))
    clock.now = NOON + 50.5
    assert [counting.refused(key) for _ in range(2)] == [None, None]
    refusal = counting.refused(key)
    assert refusal is not None
    assert (refusal.status, refusal.retry_after) == (429, 9.5)
    assert str(refusal) == "The key 'ada' has used its 2 requests of this minute (rpm). It may go on in 10 seconds."
    clock.now += 9.5
    assert [counting.refused(key) is None for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("limits", "words", "seconds"),
    [
        (Limits(rpd=2), "2 requests of this day (rpd)", DAY / 2),
        (Limits(tpm=20), "20 tokens of this minute (tpm)", MINUTE),
        (Limits(tpd=20), "20 tokens of this day (tpd)", DAY / 2),
        (Limits(credits=0.5), "0.5 credits of this month (credits)", (31 - 4) * DAY + DAY / 2),
    ],
)
def test_each_limit_ends_with_its_window(counting: Counting, clock: Clock, limits: Limits, words: str, seconds: float) -> None:
    """Noon of the 20,000th day is that of 4 October 2024."""
    key = Key("1", "ada", limits=limits)
    for _ in range(2):
        assert counting.refused(key) is None
        counting.use(key, 10, 0.25)
    refusal = counting.refused(key)
    assert refusal is not None
    assert refusal.retry_after == seconds
    assert words in str(refusal)
    clock.now += seconds
    assert counting.refused(key) is None


def test_the_last_one_let_in_may_go_over_a_limit_of_tokens(counting: Counting) -> None:
    key = Key("1", "ada", limits=Limits(tpm=10))
    assert counting.refused(key) is None
    counting.use(key, 9)
    assert counting.refused(key) is None
    counting.use(key, 1000)
    assert counting.refused(key) is not None


def test_a_model_has_limits_of_its_own_and_what_is_refused_counts_nowhere(counting: Counting) -> None:
    key = Key("1", "ada", limits=Limits(rpm=3), model_limits={"acme/shout": Limits(rpm=1)})
    assert counting.refused(key) is None
    refusal = counting.refused(key)
    assert "for the model acme/shout (rpm)" in str(refusal)
    assert [counting.refused(key, "acme/other") is None for _ in range(3)] == [True, True, False]


def test_of_several_limits_the_one_that_ends_last_is_told(counting: Counting) -> None:
    key = Key("1", "ada", limits=Limits(rpm=1, rpd=1))
    assert counting.refused(key) is None
    assert "(rpd)" in str(counting.refused(key))


def test_keys_count_apart_and_those_without_limits_not_at_all(counting: Counting) -> None:
    for id in ("1", "2"):
        assert counting.refused(Key(id, "ada", limits=Limits(rpm=1))) is None
    for _ in range(9):
        assert counting.refused(Key("3", "bob")) is None
    assert [id for id, *_ in counting.asked] == ["1", "2"]


def test_counting_begins_with_what_the_ledger_has(counting: Counting) -> None:
    counting.ledger = [Spent("acme/shout", 1, 5, 10, 50, 0.5), Spent("acme/other", 1, 2, 3, 4, 0.25)]
    assert counting.refused(Key("1", "ada", limits=Limits(rpm=3, rpd=8, tpm=14, tpd=55, credits=0.8))) is None
    assert "(tpd)" in str(counting.refused(Key("2", "ada", limits=Limits(tpd=54))))
    assert "(credits)" in str(counting.refused(Key("3", "ada", limits=Limits(credits=0.75))))
    assert counting.asked[0] == ("1", NOON, 20_000, 19_997)


@pytest.mark.parametrize("jump", [-400 * DAY, -DAY, -3600.0, -60.0, 60.0, DAY, 400 * DAY])
def test_a_clock_that_is_set_blocks_nobody_beyond_the_window_that_it_shows(
    counting: Counting, clock: Clock, jump: float
) -> None:
    key = Key("1", "ada", limits=Limits(rpm=2))
    assert [counting.refused(key) is None for _ in range(3)] == [True, True, False]
    clock.now += jump
    assert [counting.refused(key) is None for _ in range(3)] == [True, True, False]


def test_a_clock_that_jumps_there_and_back_forgets_no_credits(counting: Counting, clock: Clock) -> None:
    key = Key("1", "ada", limits=Limits(credits=1))
    assert counting.refused(key) is None
    counting.use(key, 0, 1.0)
    counting.ledger = [Spent("acme/shout", credits_month=1.0)]
    assert counting.refused(key) is not None
    clock.now += 400 * DAY
    counting.ledger = []
    assert counting.refused(key) is None
    clock.now = NOON
    counting.ledger = [Spent("acme/shout", credits_month=1.0)]
    assert counting.refused(key) is not None


def test_months_begin_with_their_first_day() -> None:
    assert Windows.at(NOON) == (int(NOON // 60), 20_000, 19_997)
    assert Windows.at(19_997 * DAY).month == 19_997
    assert Windows.at(19_997 * DAY - 1).month == 19_997 - 30
