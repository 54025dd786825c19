"""Calls of the API that come again with the same key: done once, answered each time."""

import hashlib
from datetime import timedelta

from mailer.app.ground import Ground
from mailer.errors import StateError, UsageError
from mailer.i18n import _
from mailer.model.api_token import KeptAnswer
from mailer.store import api_answers
from mailer.store.database import waiting_at_most

KEPT = timedelta(days=1)
CUT_OFF = timedelta(minutes=10)  # a call that is not answered by then never will be: its process has ended
FINISH_S = 30.0  # seconds
FIELD = "Idempotency-Key"


class ApiAnswers:
    """The answers that a house keeps (draft-ietf-httpapi-idempotency-key-header)."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def begin(self, token_id: int, key: str, request_sha256: str) -> KeptAnswer | None:
        """Begin a call under a key of a token: None where it is to be done; else what it was answered before.

        Raises UsageError for a key that another call had, StateError while the same one is being answered.
        """
        now = self._ground.now()
        hashed = _hash(key)
        with self._ground.store.write() as connection:
            api_answers.drop_answers(connection, now - KEPT)
            known = api_answers.begin_answer(connection, token_id, hashed, request_sha256, now)
            if known is None:
                return None
            if known.request_sha256 != request_sha256:
                raise UsageError(
                    _("another call had this key"),
                    field=FIELD,
                    cure=_("give each call a key of its own, such as a UUID"),
                )
            if known.status is not None:
                return known
            if now - known.begun_at < CUT_OFF:
                raise StateError(
                    _("the same call is being answered just now"), field=FIELD, cure=_("ask again in some seconds")
                )
            api_answers.drop_answer(connection, token_id, hashed)
            return api_answers.begin_answer(connection, token_id, hashed, request_sha256, now)

    def finish(self, token_id: int, key: str, status: int, media_type: str, body: bytes) -> None:
        """Keep what a call was answered: it is done, so this waits for a busy database as long as it takes."""
        with waiting_at_most(FINISH_S), self._ground.store.write() as connection:
            api_answers.finish_answer(connection, token_id, _hash(key), status, media_type, body)

    def forget(self, token_id: int, key: str) -> None:
        """Let a key be free again: its call was refused, so nothing was done."""
        with self._ground.store.write() as connection:
            api_answers.drop_answer(connection, token_id, _hash(key))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
