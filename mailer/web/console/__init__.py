"""The console: the pages on which the staff write, sign off, send and look at what became of it."""

from collections.abc import Callable

from mailer.web.console.contacts import add_contacts
from mailer.web.console.dashboard import add_dashboard
from mailer.web.console.desk import Desk
from mailer.web.console.issues import add_issues
from mailer.web.console.lists import add_lists
from mailer.web.console.mailings import add_mailings
from mailer.web.console.reports import add_reports

PARTS: tuple[Callable[[Desk], None], ...] = (
    add_dashboard,
    add_issues,
    add_mailings,
    add_reports,
    add_contacts,
    add_lists,
)
