"""A rehearsal: the run of a mailing into a sink, and what it came to."""

from mailer.config import Config, TempoConfig
from mailer.mail.sink import HOST
from mailer.model.delivery import DeliveryStatus, MailingSummary
from mailer.model.rehearsal import RehearsedList
from mailer.store import mailings, plans
from mailer.store import rehearsal as store
from mailer.store.database import Connection


def lead_to_sink(config: Config, port: int) -> Config:
    """Return the settings with every relay led to the sink: no login, TLS, limits or tempo; the rest as it is."""
    relays = {
        name: one.model_copy(
            update={"host": HOST, "port": port, "security": "none", "username": "", "auth": "password", "limits": ()}
        )
        for name, one in config.relays.items()
    }
    domains = {name: one.model_copy(update={"limits": ()}) for name, one in config.domains.items()}
    return config.model_copy(update={"relays": relays, "domains": domains, "tempo": TempoConfig()})


def tell_lists(connection: Connection, summary: MailingSummary) -> tuple[RehearsedList, ...]:
    """Return how each list of a rehearsed mailing fared."""
    mailing_id = summary.mailing.id
    target = plans.read_target(connection, mailing_id)
    ids = {name: list_id for list_id, name, _edition in mailings.mailing_lists(connection, mailing_id)}
    told = []
    for part in summary.lists:
        active = plans.count_audience(connection, target, ids[part.list_name])
        reached = store.count_reached_before(connection, mailing_id, target.issue_id, ids[part.list_name])
        told.append(
            RehearsedList(
                part.list_name,
                part.title,
                part.role,
                active=active,
                planned=part.planned,
                taken=part.counts.get(DeliveryStatus.ACCEPTED, 0),
                suppressed=part.counts.get(DeliveryStatus.SUPPRESSED, 0),
                reached=reached,
                elsewhere=active - part.planned - reached if summary.planned else 0,
            )
        )
    return tuple(told)
