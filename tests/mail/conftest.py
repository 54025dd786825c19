"""What the mail tests share."""

from tests.mail.certificates import certificates as certificates
from tests.mail.postfix import postfix as postfix
