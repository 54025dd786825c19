"""How long limits make a run: pure arithmetic over windows."""

from datetime import UTC, datetime, timedelta

import pytest

from mailer.model.pace import Use, parse_limit, shortest_time, waiting_time

NOW = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)
DAY, QUARTER = 86400, 900


@pytest.mark.parametrize(
    ("count", "limits", "seconds"),
    [
        (0, ["40/1d"], 0),
        (40, ["40/1d"], 0),
        (41, ["40/1d"], DAY),
        (77, ["40/1d"], DAY),
        (81, ["40/1d"], 2 * DAY),
        (8, ["8/15m"], 0),
        (9, ["8/15m"], QUARTER),
        (40, ["8/15m", "40/1d"], 4 * QUARTER),
        (77, ["8/15m", "40/1d"], DAY + 4 * QUARTER),
        (1_000_000, ["5000/180s"], 199 * 180),
        (1_000_000, [], 0),
        (25, ["10/1m", "20/1m"], 120),
    ],
)
def test_the_last_copy_leaves_so_long_after_the_first(count: int, limits: list[str], seconds: int) -> None:
    assert shortest_time(count, [parse_limit(one) for one in limits]) == seconds


def test_what_was_used_already_counts_against_what_still_waits() -> None:
    limit = parse_limit("40/1d")
    three_hours_ago = Use(limit.slice_at(NOW - timedelta(hours=3)), 30)
    assert waiting_time(10, limit, [three_hours_ago], NOW) == 0
    wait = waiting_time(11, limit, [three_hours_ago], NOW)
    assert 21 * 3600 <= wait <= 21 * 3600 + limit.slice_s
    assert waiting_time(60, limit, [three_hours_ago], NOW) == wait + DAY, "40 of the 50 left over go then"
    assert waiting_time(41, limit, [], NOW) == DAY
