"""The sender is killed in the middle, three times, and goes on by itself: nobody is lost, few get a second copy."""

from pathlib import Path

import pytest

from benchmarks.crash import Ordeal, run_ordeal

CONNECTIONS = 5


@pytest.mark.parametrize(("greylist", "drop"), [(0.0, 0.0), (0.2, 0.05)], ids=["plain", "greylisted-and-dropped"])
def test_three_kills_lose_nobody_and_double_at_most_what_each_connection_carried(
    tmp_path: Path, greylist: float, drop: float
) -> None:
    toll = run_ordeal(tmp_path, Ordeal(150, 3, CONNECTIONS, 0.12, 0.8, greylist, drop, seed=113))
    said = (tmp_path / "news" / "sender.log").read_text("utf-8")
    assert len(toll.kills) == 3, f"the mailing was over before: {toll}"
    assert all(one.messages for one in toll.kills), f"killed in the middle: {toll}"
    assert toll.finished, f"it goes on by itself; {said}"
    assert toll.lost == [], said
    assert 0 < max(one.twice for one in toll.kills) <= CONNECTIONS, f"some were in doubt: {toll}"
    assert toll.unlike == 0, "a second copy has the same Message-ID and the same octets"
    assert drop or not toll.twice_by_drop
    assert toll.passed
