"""What the tests of ops may ask for."""

from tests.mail.certificates import certificates as certificates
