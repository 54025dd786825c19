"""The console: the pages on which the staff write, sign off, send and look at what became of it."""

from collections.abc import Callable

from mailer.web.console.contacts import add_contacts
from mailer.web.console.dashboard import add_dashboard
from mailer.web.console.desk import Desk
from mailer.web.console.issues import add_issues
from mailer.web.console.lists import add_lists
from mailer.web.console.mailings import add_mailings
from mailer.web.console.outside import add_outside
from mailer.web.console.relays import add_relays
from mailer.web.console.reports import add_reports
from mailer.web.console.returned import add_returned
from mailer.web.console.schedule import add_schedule
from mailer.web.console.settings import add_settings
from mailer.web.console.tokens import add_tokens
from mailer.web.console.trail import add_trail
from mailer.web.console.users import add_users

PARTS: tuple[Callable[[Desk], None], ...] = (
    add_dashboard,
    add_issues,
    add_mailings,
    add_reports,
    add_contacts,
    add_lists,
    add_returned,
    add_schedule,
    add_relays,
    add_users,
    add_tokens,
    add_trail,
    add_settings,
    add_outside,
)
