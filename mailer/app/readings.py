"""What readers of a house fetched: taken down while the pages are served, judged, judged again."""

from mailer.app.ground import Ground
from mailer.model.reading import Receipt
from mailer.store.digests import forget_digests
from mailer.tracking.agents import known_agents
from mailer.tracking.desk import ReadingDesk
from mailer.tracking.readings import Rejudged, judge_again
from mailer.tracking.receipts import confirm_receipt, find_receipt
from mailer.tracking.recorder import ReadingRecorder


class Readings:
    """The opens and clicks of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def open_desk(self) -> ReadingDesk:
        """Return where requests come in; it writes from a thread of its own until it is closed."""
        store, agents = self._ground.store, known_agents()
        return ReadingDesk(store, self._ground.secret, ReadingRecorder(store, agents), self._ground.now)

    def find_receipt(self, token: str) -> Receipt | None:
        """Return the copy a receipt token stands for, or None; changes nothing."""
        with self._ground.store.read() as connection:
            return find_receipt(connection, self._ground.secret, token)

    def confirm_receipt(self, token: str) -> Receipt | None:
        """Record that a reader confirmed receipt; None for a token not ours."""
        with self._ground.store.write() as connection:
            return confirm_receipt(connection, self._ground.secret, token, self._ground.now())

    def judge(self, mailing_id: int | None = None) -> Rejudged:
        """Judge who made the requests of a mailing, or of all, by the present rules."""
        done = judge_again(self._ground.store, known_agents(), mailing_id)
        if done.changed:
            with self._ground.store.write() as connection:
                forget_digests(connection, mailing_id)
        return done
