"""What the tests of this room share."""

from tests.browser import browser as browser
