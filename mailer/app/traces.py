"""What an erasure leaves in the files of SQLite: cleared at once, or as soon as nobody reads any more."""

from mailer.app.ground import Ground
from mailer.errors import StoreError
from mailer.store import house

A_MOMENT_S = 2.0  # as long as a person, or the clock, waits for those who read


def clear_traces(ground: Ground) -> bool:
    """Have the log file emptied if erased persons may stand in it; False where others kept it in use.

    The clock tries again at each tick until it is done; so does `mailer retention run`.
    """
    with ground.store.read() as connection:
        since = house.traces_since(connection)
    if since is None:
        return True
    try:
        if not ground.store.truncate_log(A_MOMENT_S):
            return False
        with ground.store.write() as connection:
            house.forget_traces(connection, since)
    except StoreError:  # the erasure itself is done, whatever holds the file
        return False
    return True
