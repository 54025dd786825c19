"""Which charts a report has, made from its own tables."""

from collections import Counter

from mailer.i18n import _
from mailer.model.figures import View
from mailer.web.charts import MOST_BARS, Chart

_LEFT = ("suppressed", "cancelled")


def charts_of(view: View) -> tuple[Chart, ...]:
    """Return the charts that stand above a table; none where it is empty."""
    rows = view.rows[:-1] if view.total else view.rows
    if not rows:
        return ()
    made = _MAKERS.get(view.key)
    return made(view) if made is not None else ()


def _column(view: View, key: str) -> tuple[float, ...]:
    at = next(at for at, column in enumerate(view.columns) if column.key == key)
    rows = view.rows[:-1] if view.total else view.rows
    return tuple(value if isinstance(value, int | float) else 0 for value in (row[at] for row in rows))


def _labels(view: View) -> tuple[str, ...]:
    rows = view.rows[:-1] if view.total else view.rows
    return tuple(str(row[0]) for row in rows)


def _sum(view: View, *keys: str) -> tuple[float, ...]:
    return tuple(map(sum, zip(*(_column(view, key) for key in keys), strict=True)))


def _difference(view: View, whole: str, *keys: str) -> tuple[float, ...]:
    parts = zip(_column(view, whole), _sum(view, *keys), strict=True)
    return tuple(one - other for one, other in parts)


def _lists(view: View) -> tuple[Chart, ...]:
    series = (
        (_("accepted, not bounced"), _difference(view, "accepted", "bounced")),
        (_("refused, expired or bounced"), _sum(view, "refused", "expired", "bounced")),
        (_("still to go"), _column(view, "pending")),
        (_("uncertain"), _column(view, "uncertain")),
        (_("suppressed or cancelled"), _sum(view, *_LEFT)),
    )
    return (Chart("lists", view.title, _labels(view), series, stacked=True, colours=(0, 1, 4, 3, 2)),)


def _heard(view: View) -> tuple[Chart, ...]:
    keys = ("delivered", "bounced", "relayed", "silent")
    names = (_("delivered"), _("bounced"), _("passed on"), _("nothing heard"))
    series = tuple((name, _column(view, key)) for name, key in zip(names, keys, strict=True))
    if not any(sum(values) for _name, values in series):
        return ()
    return (Chart("heard", view.title, _labels(view), series, stacked=True, colours=(0, 1, 2, 4)),)


def _reasons(view: View) -> tuple[Chart, ...]:
    counts: Counter[str] = Counter()
    for row in view.rows:
        if isinstance(row[3], int):
            counts[str(row[2])] += row[3]
    most = counts.most_common(MOST_BARS)
    values = tuple(float(number) for _word, number in most)
    return (Chart("reasons", view.title, tuple(word for word, _number in most), ((_("Count"), values),)),)


def _times(view: View) -> tuple[Chart, ...]:
    labels = _labels(view)
    sent = ((_("accepted"), _column(view, "accepted")), (_("bounced"), _column(view, "bounced")))
    read = (
        (_("first opens by readers"), _column(view, "opened")),
        (_("first clicks by readers"), _column(view, "clicked")),
    )
    charts = [Chart("times", _("Accepted and bounced, over time"), labels, sent, horizontal=False)]
    if any(sum(values) for _name, values in read):
        charts.append(Chart("read", _("Opened and clicked, over time"), labels, read, horizontal=False))
    return tuple(charts)


def _articles(view: View) -> tuple[Chart, ...]:
    readers, requests = _column(view, "readers"), _column(view, "requests")
    name, values = (_("readers who clicked"), readers) if any(readers) else (_("clicks by people"), requests)
    if not any(values):
        return ()
    return (Chart("articles", view.title, _labels(view)[:MOST_BARS], ((name, values[:MOST_BARS]),)),)


def _groups(view: View) -> tuple[Chart, ...]:
    series = (
        (_("accepted, not bounced"), _difference(view, "planned", "missed", "pending")[:MOST_BARS]),
        (_("not reached"), _column(view, "missed")[:MOST_BARS]),
        (_("still to go"), _column(view, "pending")[:MOST_BARS]),
    )
    return (Chart(view.key, view.title, _labels(view)[:MOST_BARS], series, stacked=True, colours=(0, 1, 4)),)


def _compared(view: View) -> tuple[Chart, ...]:
    planned = _column(view, "planned")

    def share(key: str) -> tuple[float, ...]:
        return tuple(one / whole if whole else 0 for one, whole in zip(_column(view, key), planned, strict=True))

    series = [(_("not reached"), share("missed"))]
    if any(_column(view, "opened")):
        series.append((_("readers who opened"), share("opened")))
    if any(_column(view, "clicked")):
        series.append((_("readers who clicked"), share("clicked")))
    title = _("Shares of those planned, by issue")
    return (Chart("issues", title, _labels(view), tuple(series), horizontal=False, percent=True),)


_MAKERS = {
    "lists": _lists,
    "heard": _heard,
    "reasons": _reasons,
    "times": _times,
    "articles": _articles,
    "cities": _groups,
    "domains": _groups,
    "issues": _compared,
}
