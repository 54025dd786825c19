"""A mailing's live progress in the terminal; a line now and then where there is none."""

import asyncio
import time
from collections.abc import Callable

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mailer.cli.drawing import STATUS_WORDS, err
from mailer.i18n import _
from mailer.model.delivery import DeliveryStatus, MailingSummary

REFRESH_S = 0.25
LINE_EVERY_S = 5.0
SHOWN = tuple(status for status in DeliveryStatus if status is not DeliveryStatus.SENDING)
OPEN = (DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.UNCERTAIN)


def _figures(summary: MailingSummary) -> str:
    return "  ".join(f"{_(STATUS_WORDS[status])} {summary.count(status)}" for status in SHOWN if summary.count(status))


def _settled(summary: MailingSummary) -> int:
    return summary.planned - sum(summary.count(status) for status in OPEN)


async def watch(look: Callable[[], MailingSummary], done: Callable[[MailingSummary], bool], *, quiet: bool) -> None:
    """Draw a mailing's progress until `done`; `look` reads its figures and is called in a thread."""
    started = time.monotonic()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=quiet or not err.is_terminal,
    )
    next_line = started + LINE_EVERY_S
    with bar:
        task = bar.add_task(_("sending"), total=None, figures="")
        while True:
            summary = await asyncio.to_thread(look)
            bar.update(task, total=summary.planned, completed=_settled(summary), figures=_figures(summary))
            if done(summary):
                return
            if not quiet and not err.is_terminal and time.monotonic() >= next_line:
                next_line += LINE_EVERY_S
                err.print(f"{_settled(summary)}/{summary.planned}  {_figures(summary)}", soft_wrap=True)
            await asyncio.sleep(REFRESH_S)
