"""A rehearsal: the run of a mailing into a sink, what it came to, and what the real limits would make of it."""

from collections.abc import Mapping

from mailer.config import Config, DomainConfig, RelayConfig, TempoConfig
from mailer.mail.sink import HOST
from mailer.model.delivery import DeliveryStatus, MailingSummary
from mailer.model.pace import parse_limit, shortest_time, shortest_time_together
from mailer.model.rehearsal import Forecast, RehearsedList
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
    issue_id = mailings.mailing_issue(connection, mailing_id)
    ids = {name: list_id for list_id, name, _edition in mailings.mailing_lists(connection, mailing_id)}
    told = []
    for part in summary.lists:
        active = plans.count_active(connection, ids[part.list_name])
        reached = store.count_reached_before(connection, mailing_id, issue_id, ids[part.list_name])
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


def forecast_run(
    connection: Connection, mailing_id: int, relays: Mapping[str, RelayConfig], domains: Mapping[str, DomainConfig]
) -> tuple[Forecast, ...]:
    """Return what the limits of the real relays and domains mean for copies shared out as the rehearsal did.

    Relays that take the same lists and domains share their copies as their limits let them.
    """
    found = []
    counts = store.count_by_relay(connection, mailing_id)
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for name, one in relays.items():
        groups.setdefault((one.lists, one.domains), []).append(name)
    for names in groups.values():
        used = [name for name in names if counts.get(name)]
        copies = sum(counts[name] for name in used)
        if not copies:
            continue
        limits = tuple(tuple(parse_limit(text) for text in relays[name].limits) for name in used)
        found.append(Forecast(tuple(used), copies, limits, shortest_time_together(copies, limits)))
    for name, group in domains.items():
        limits_of = tuple(parse_limit(text) for text in group.limits)
        copies = store.count_to_domains(connection, mailing_id, group.names) if limits_of else 0
        if copies:
            found.append(Forecast((name,), copies, (limits_of,), shortest_time(copies, limits_of), of_domains=True))
    return tuple(found)
