"""The API does what its description says, whatever is asked: schemathesis makes the calls from openapi.json."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.web.api.conftest import Api


@pytest.fixture
def described(api: Api) -> Any:
    """The API's own description of itself."""
    return schemathesis.openapi.from_url(f"{api.client.base_url}/openapi.json")


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_api_is_what_it_says(case: Any, api: Api) -> None:
    case.call_and_validate(
        base_url=str(api.client.base_url), headers={"Authorization": f"Bearer {api.token}"}, timeout=20
    )
