"""Joining the lists that readers choose themselves: asked for, confirmed by a link, and preferences."""

from collections.abc import Collection, Sequence

from mailer.app.ground import Ground
from mailer.app.lists import Lists
from mailer.app.people import People
from mailer.audience.joining import Ask, ask_to_join, confirm_join, read_join, record_invitation, require_invitable
from mailer.audience.joining import JoinStanding as JoinStanding
from mailer.audience.preferences import Preferences as Preferences
from mailer.audience.preferences import read_preferences, set_preferences
from mailer.errors import StateError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.people import Right
from mailer.ops.notices import join_words
from mailer.store import audience, notices
from mailer.store.database import Connection
from mailer.tokens import Purpose, hash_address, read_token, sign_token

FORM_SECONDS = (2, 7200)  # how old a form may be


class Joining:
    """How readers come to the lists of a house that follow no sheet."""

    def __init__(self, ground: Ground, lists: Lists, people: People) -> None:
        self._ground = ground
        self._lists = lists
        self._people = people

    @property
    def open_lists(self) -> tuple[str, ...]:
        """The lists that readers may ask for themselves, in sending order."""
        return tuple(name for name, one in self._ground.config.lists_in_order() if one.joining == "open")

    def ask(self, text: str, lists: Sequence[str], network: str) -> None:
        """Take a stranger's wish to join open lists: at most one mail a day asks the address to confirm.

        Nothing tells whether there was one, or whether the address is known (S24). network: whose wish it is. Raises
        AddressError, and StateError for a list that is not open.
        """
        address = parse_address(text)
        chosen = [name for name in self._lists.choose(lists or self.open_lists) if name in self.open_lists]
        if not chosen or len(chosen) < len(set(lists)):
            raise StateError(_("nobody may join these lists by themselves"), cure=_("ask the office"))
        with self._ground.store.write() as connection:
            self._ask(connection, Ask(address, tuple(chosen), "web", network))

    def show_form(self) -> str:
        """Return the token of a form to ask by, as it is shown now."""
        return sign_token(self._ground.secret, Purpose.FORM, int(self._ground.now().timestamp()))

    def is_form_good(self, token: str) -> bool:
        """Return whether a form is ours, and was shown neither a moment ago, as programs send them, nor long ago."""
        shown = read_token(self._ground.secret, Purpose.FORM, token)
        age = self._ground.now().timestamp() - (shown or 0)
        return shown is not None and FORM_SECONDS[0] <= age <= FORM_SECONDS[1]

    def invite(self, text: str, lists: Sequence[str], by: str) -> tuple[str, ...]:
        """Have an address asked to confirm that it wants lists, by a person's word; return those that it is not on.

        Raises AddressError, NotFoundError; StateError for a list that nobody joins by a link, and where no mail may go
        to the address now.
        """
        address = parse_address(text)
        chosen = self._lists.choose_lists(lists)
        for name in chosen:
            settings = self._ground.config.lists[name]
            if settings.follows_file:
                raise StateError(
                    _("list {name} follows its sheet").format(name=name),
                    cure=_("write the row in the sheet; `mailer lists sync` reads it"),
                )
            if settings.joining == "staff":
                raise StateError(
                    _("nobody joins list {name} by a link").format(name=name),
                    cure=_(
                        'write joining = "invite" in [lists.{name}]; or `mailer contacts join ADDR --list {name}`'
                    ).format(name=name),
                )
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.CONTACTS, connection)
            secret, now = self._ground.secret, self._ground.now()
            ids = self._lists.declare(connection)
            wanted, limits = {name: ids[name] for name in chosen}, self._ground.config.joining
            free = require_invitable(connection, secret, address, wanted, limits, now)
            if not self._ask(connection, Ask(address, free, "invitation")):
                raise StateError(_("{address} was asked within the last day").format(address=address.text))
            record_invitation(connection, hash_address(secret, address.key), free, actor, now)
            return free

    def _ask(self, connection: Connection, ask: Ask) -> bool:
        config, now = self._ground.config, self._ground.now()
        made = ask_to_join(connection, self._ground.secret, ask, config.joining, now)
        if made is None:
            return False
        number, token = made
        link = f"{config.public_url}/s/{token}"
        titles = [config.lists[name].title for name in ask.lists]
        subject, body = join_words(config.sender.name, titles, link)
        until = now + config.joining.expires
        return notices.add_notice(connection, f"join {number}", subject, body, [ask.address.text], now, until)

    @property
    def _joinable(self) -> frozenset[str]:
        return frozenset(name for name, one in self._ground.config.lists.items() if one.joining != "staff")

    def read(self, token: str) -> JoinStanding | None:
        """Return how a link to confirm stands, changing nothing; None for one that is no longer good."""
        with self._ground.store.read() as connection:
            return read_join(connection, self._ground.secret, token, self._joinable, self._ground.now())

    def confirm(self, token: str) -> JoinStanding | None:
        """Subscribe whoever follows a link to confirm, and return what came of it; None as for `read`."""
        with self._ground.store.write() as connection:
            ids = self._lists.declare(connection)
            joinable = {name: number for name, number in ids.items() if name in self._joinable}
            return confirm_join(connection, self._ground.secret, token, joinable, self._ground.now())

    def read_preferences(self, token: str) -> Preferences | None:
        """Return how a reader stands with the lists that a token's preferences offer; None for a token not ours."""
        with self._ground.store.read() as connection:
            ids = self._ids(connection)
            return read_preferences(connection, self._ground.secret, token, ids, self.open_lists)

    def preferences_token(self, token: str, list_name: str) -> str:
        """Return the token of the preferences of who holds an unsubscribe token of this list.

        Empty where readers do not choose the list themselves: its copies have no link to preferences either.
        """
        number = read_token(self._ground.secret, Purpose.UNSUBSCRIBE, token)
        one = self._ground.config.lists.get(list_name)
        if number is None or one is None or one.follows_file:
            return ""
        return sign_token(self._ground.secret, Purpose.PREFERENCES, number)

    def set_preferences(self, token: str, wanted: Collection[str]) -> Preferences | None:
        """Have a reader be on those lists, of what the token's preferences offer; None for a token not ours.

        Raises StateError where one of them is not offered.
        """
        with self._ground.store.write() as connection:
            ids = self._ids(connection)
            version, now = self._ground.config.joining.text_version, self._ground.now()
            return set_preferences(connection, self._ground.secret, token, wanted, ids, self.open_lists, version, now)

    def _ids(self, connection: Connection) -> dict[str, int]:
        return audience.find_lists(connection, [name for name, _one in self._ground.config.lists_in_order()])
