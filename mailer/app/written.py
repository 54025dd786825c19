"""Writes what was made of an issue as files, for people to look at: each form, messages for a made-up reader."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mailer.app.ground import Ground
from mailer.errors import UsageError
from mailer.i18n import _
from mailer.mail.message import compose_message, make_letterhead
from mailer.mail.parts import read_parts
from mailer.model.delivery import Delivery, MailingRecord, Recipient
from mailer.model.edition import Edition, lead_straight
from mailer.model.os_words import say_os_error
from mailer.store import deliveries, issues, mailings
from mailer.tokens import Purpose, sign_token

if TYPE_CHECKING:
    from mailer.rendering.forms import Forms
    from mailer.rendering.preview import Preview


@dataclass(frozen=True, slots=True)
class Rendered:
    """Where one edition was written. The HTML holds its pictures, so that a browser shows it; the message is true."""

    list_name: str
    html: Path
    text: Path
    eml: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class WrittenForms:
    """Where the forms of an issue were written: each list's, and those that lists share; None was not made."""

    editions: tuple[Rendered, ...]
    pdf: Path | None = None
    page: Path | None = None
    wechat: Path | None = None

    def files(self) -> Iterator[tuple[str, str, Path]]:
        """Yield every file as kind, list (empty for all) and path."""
        for one in self.editions:
            yield from (("html", one.list_name, one.html), ("text", one.list_name, one.text))
            yield "eml", one.list_name, one.eml
        for kind, path in (("pdf", self.pdf), ("page", self.page), ("wechat", self.wechat)):
            if path is not None:
                yield kind, "", path


def write_forms(ground: Ground, slug: str, forms: "Forms", out: Path) -> WrittenForms:
    """Write every form that was made; each edition is filled for a made-up reader. Raises UsageError."""
    samples = [sample_delivery(ground, edition) for edition in forms.editions]  # makes var/ as private as it must be
    make_folder(out)
    with explained(out):
        return WrittenForms(
            tuple(
                write_edition(ground, edition, sample, out)
                for edition, sample in zip(forms.editions, samples, strict=True)
            ),
            _write(out / f"{slug}.pdf", forms.pdf),
            _write(out / f"{slug}.page.html", forms.page.encode()),
            _write(out / f"{slug}.wechat.html", forms.wechat.encode()),
        )


def write_sent(ground: Ground, mailing: MailingRecord, out: Path) -> list[Rendered]:
    """Write, for each list of a mailing, its first accepted message as it was sent."""
    make_folder(out)
    written: list[Rendered] = []
    with ground.store.read() as connection:
        for list_id, _name, edition_id in mailings.mailing_lists(connection, mailing.id):
            number = deliveries.sample_delivery(connection, mailing.id, list_id)
            delivery = deliveries.find_delivery(connection, number, ground.secret) if number is not None else None
            if delivery is not None:
                edition = issues.load_edition(connection, edition_id)
                written.append(write_edition(ground, edition, delivery, out))
    return written


def preview_editions(ground: Ground, editions: Sequence[Edition]) -> "list[Preview]":
    """Return each edition as a made-up reader gets it, for the preview page."""
    from mailer.rendering.preview import Preview, embed_pictures

    found: list[Preview] = []
    for edition in editions:
        parts = read_parts(_compose(ground, lead_straight(edition), sample_delivery(ground, edition)))
        title = ground.config.lists[edition.list_name].title
        found.append(Preview(edition.list_name, title, embed_pictures(parts.html, edition), parts.text))
    return found


def sample_delivery(ground: Ground, edition: Edition) -> Delivery:
    """Return a delivery to a reader who does not exist."""
    token = sign_token(ground.secret, Purpose.BOUNCE, 0)
    domain = ground.config.sender.address.rpartition("@")[2]
    now = ground.now()
    return Delivery(
        id=0,
        mailing_id=0,
        issue_slug=edition.issue,
        list_name=edition.list_name,
        edition_id=0,
        recipient=Recipient("reader@reader.example", organisation=_("a reader’s organisation")),
        message_id=f"<{token}@{domain}>",
        token=token,
        sent_date=now,
        clock_from=now,
        attempts=0,
        lease="",
    )


def write_edition(ground: Ground, edition: Edition, delivery: Delivery, out: Path) -> Rendered:
    """Write one message with its HTML and text; the links of the HTML lead straight to their targets."""
    from mailer.rendering.preview import embed_pictures

    message = _compose(ground, edition, delivery)
    name = f"{edition.issue}-{edition.list_name}"
    files = Rendered(edition.list_name, out / f"{name}.html", out / f"{name}.txt", out / f"{name}.eml", edition.sha256)
    parts = read_parts(_compose(ground, lead_straight(edition), delivery))
    files.html.write_text(embed_pictures(parts.html, edition), "utf-8")
    files.text.write_text(parts.text, "utf-8")
    files.eml.write_bytes(message)
    return files


def _compose(ground: Ground, edition: Edition, delivery: Delivery) -> bytes:
    return compose_message(edition, delivery, make_letterhead(ground.config, edition.list_name, ground.secret))


def _write(path: Path, content: bytes) -> Path | None:
    if not content:
        return None
    path.write_bytes(content)
    return path


def make_folder(folder: Path) -> None:
    """Make a folder for output. Raises UsageError where that cannot be."""
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn an OSError while something is written into a UsageError that names the folder."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            _("this cannot be written: {why}").format(why=say_os_error(error)),
            file=folder,
            cure=_("name another folder"),
        ) from None
