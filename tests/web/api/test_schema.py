"""The API does what its description says, whatever is asked: schemathesis makes the calls from openapi.json.

What fits the description is sent, and what does not, each with every check there is.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.web.api.conftest import Api

EXAMPLES = {GenerationMode.POSITIVE: 25, GenerationMode.NEGATIVE: 12}  # calls of a route
# what is a whole issue, a time to come, or that one of two is needed, no schema can say: what looks right is refused with 422
SAID_BY_NO_SCHEMA = {"POST /issues", "POST /mailings", "GET /events"}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


def make_calls(api: Api, operation: Any, mode: GenerationMode) -> None:
    """Call a route again and again, and check every answer."""
    address = str(api.client.base_url).rstrip("/")
    spared = [positive_data_acceptance] if operation.label in SAID_BY_NO_SCHEMA else []
    headers = {"Authorization": f"Bearer {api.token}"}

    @settings(
        max_examples=EXAMPLES[mode], deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            # keys of generated calls are alike, and one that another call had is refused: tests/web/api/test_once.py
            case.headers.pop("Idempotency-Key", None)
        case.call_and_validate(base_url=address, headers=headers, timeout=20, excluded_checks=spared)

    call()


@pytest.mark.parametrize("mode", list(EXAMPLES))
def test_the_api_is_what_it_says(api: Api, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{str(api.client.base_url).rstrip('/')}/openapi.json")
    tried: set[str] = set()
    failed: list[str] = []
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        try:
            make_calls(api, operation, mode)
        except Unsatisfiable:  # a route that takes nothing cannot be asked wrongly
            assert mode is GenerationMode.NEGATIVE, operation.label
            continue
        except (FailureGroup, Exception) as error:  # noqa: BLE001 - told for all routes together
            failed.append(f"{operation.label}: {str(error)[:2000]}")
        tried.add(operation.label)
    assert not failed, "\n\n".join(failed)
    assert len(tried) > 20
