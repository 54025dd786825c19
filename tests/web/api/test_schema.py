"""The API does what its description says, whatever is asked: schemathesis makes the calls from openapi.json."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.web.api.conftest import Api

EXAMPLES = 15  # calls of a route


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


def test_the_api_is_what_it_says(api: Api) -> None:
    address = str(api.client.base_url).rstrip("/")
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    tried: set[str] = set()
    failed: list[str] = []
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        tried.add(operation.label)

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False,
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            case.call_and_validate(
                base_url=address,
                headers={"Authorization": f"Bearer {api.token}"},
                timeout=20,
                # what is an address, or a whole issue, no schema can say
                excluded_checks=[positive_data_acceptance],
            )

        try:
            call()
        except (FailureGroup, Exception) as error:  # noqa: BLE001 - told for all routes together
            failed.append(f"{operation.label}: {error}")
    assert not failed, "\n\n".join(failed)
    assert len(tried) > 20
