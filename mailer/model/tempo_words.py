"""How a mailing keeps time, in words."""

from mailer.i18n import _
from mailer.model.standing_words import say_span
from mailer.model.tempo import Tempo


def say_tempo(tempo: Tempo) -> str:
    """Return how a mailing keeps time in a few words; empty where it just goes."""
    words = []
    if tempo.spread:
        words.append(_("spread over {span}").format(span=say_span(tempo.spread.total_seconds())))
    if tempo.pause:
        words.append(_("{span} between lists").format(span=say_span(tempo.pause.total_seconds())))
    if tempo.quiet is not None:
        words.append(_("quiet hours {hours}").format(hours=tempo.quiet))
    return _(", ").join(words)
