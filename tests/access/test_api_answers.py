"""What the API has answered under a key, on both databases: for a day, for its token, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mailer.errors import StateError, UsageError
from mailer.model.api_token import KeptAnswer, Scope
from tests.access.conftest import Office


def make_token(office: Office) -> int:
    made, _token = office.house.api_tokens.add("李四", "test", [Scope.CONTACTS_WRITE], None, "张三")
    return made.id


def test_an_answer_is_kept_for_a_day(either: Office) -> None:
    answers, token = either.house.api_answers, make_token(either)
    assert answers.begin(token, "key", "a" * 64) is None
    answers.finish(token, "key", 201, "application/json", "甲".encode() * 1000)
    either.clock.go_on(hours=23)
    kept = answers.begin(token, "key", "a" * 64)
    assert kept is not None
    assert (kept.status, kept.media_type, kept.body) == (201, "application/json", "甲".encode() * 1000)
    assert "甲" not in repr(kept)
    with pytest.raises(UsageError):
        answers.begin(token, "key", "b" * 64)
    assert answers.begin(make_token(either), "key", "b" * 64) is None, "another token's key is another one"
    either.clock.go_on(hours=1, seconds=1)
    assert either.house.retention.count()["api_answers"] == 1
    assert answers.begin(token, "key", "b" * 64) is None, "it is over"


def test_the_daily_clearing_takes_what_nobody_asks_for_again(either: Office) -> None:
    answers, token = either.house.api_answers, make_token(either)
    for number in range(3):
        answers.begin(token, f"key {number}", "a" * 64)
    assert either.house.retention.run("张三")["api_answers"] == 0
    either.clock.go_on(days=1, seconds=1)
    assert either.house.retention.run("张三")["api_answers"] == 3
    assert either.house.retention.count()["api_answers"] == 0


def test_a_call_that_was_cut_off_may_be_made_again_when_nobody_can_be_at_it(either: Office) -> None:
    answers, token = either.house.api_answers, make_token(either)
    assert answers.begin(token, "key", "a" * 64) is None
    either.clock.go_on(minutes=9)
    with pytest.raises(StateError):
        answers.begin(token, "key", "a" * 64)
    either.clock.go_on(minutes=1)
    assert answers.begin(token, "key", "a" * 64) is None
    with pytest.raises(StateError):
        answers.begin(token, "key", "a" * 64)


def test_of_many_at_the_same_time_one_is_done(either: Office) -> None:
    answers, token = either.house.api_answers, make_token(either)

    def begin(_number: int) -> KeptAnswer | StateError | None:
        try:
            return answers.begin(token, "key", "a" * 64)
        except StateError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(begin, range(8)))
    assert found.count(None) == 1
    assert sum(isinstance(one, StateError) for one in found) == 7
