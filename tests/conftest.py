"""What every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.databases import postgresql as postgresql
from tests.databases import store as store
from tests.databases import world as world

REPOSITORY = Path(__file__).parent.parent


def need(present: bool, what: str, cure: str) -> None:
    """Skip with one clear line when something outside is absent; fail instead where REAL_PEERS=required."""
    if present:
        return
    line = f"{what} is absent; {cure}"
    if os.environ.get("REAL_PEERS") == "required":
        pytest.fail(line)
    pytest.skip(line)


os.environ["COLUMNS"] = "200"  # Rich asks for it once, when the module that writes is first loaded
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # some hundred commands are started: each would compile us anew

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers more than processors: what tests a sender's pace waits for the clock most of its time."""
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return len(mine) + 2


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real samples: $SAMPLES, else ../shared/data beside the repository."""
    folder = Path(os.environ.get("SAMPLES") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no samples at {folder}; set SAMPLES to their folder")
    return folder


@pytest.fixture(autouse=True, scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a machine remembers of its houses; no test may write to the home of who runs it."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAILER_STATE_DIR", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests read English messages whatever the machine speaks."""
    from mailer.i18n import use_language

    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    use_language("en")
