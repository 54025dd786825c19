"""What reading returned mail costs, on the samples of the tests, by one core; and what of it the email package takes.

The ratios are within one run: how many times parsing alone a reading costs, and how many mails a second that is here.
The bar is 300 mails a second; the slowest mail may take a second. Then mails that name one of 100,000 copies are taken
in whole: read, tied to their copies, recorded, their readers suppressed where that is due, in batches as a mailbox
gives them and one by one.
"""

import email
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.report import fill
from mailer.app import House, create_newsletter
from mailer.mail.reports import parse_report
from mailer.store import deliveries
from mailer.tracking.intake import ArrivedMail

SAMPLES = Path(__file__).parent.parent / "tests" / "mail" / "returned_samples"
ROUNDS = 5
COPIES, BOUNCES = 100_000, 1000
PICTURE = 700_000  # octets of a mail that is sent back whole


def measure(act: Callable[[bytes], object], mails: list[bytes]) -> tuple[float, float]:
    """Return seconds of processor time a mail in the best of several rounds, and of the slowest mail."""
    for mail in mails:
        act(mail)
    best, slowest = float("inf"), 0.0
    for _round in range(ROUNDS):
        spent = []
        for mail in mails:
            begun = time.process_time()
            act(mail)
            spent.append(time.process_time() - begun)
        best, slowest = min(best, sum(spent) / len(spent)), max(spent)
    return best, slowest


def make_bounce(address: str, message_id: str) -> bytes:
    """Return a delivery report (RFC 3464) on a copy, as Postfix words it."""
    return (
        f"From: MAILER-DAEMON@relay.test\nTo: bulletin@zsia.example\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is the mail system at host relay.test.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.test\n\n"
        f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: 5.1.1\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 <{address}>: User unknown\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\nSubject: x\n\n--b--\n"
    ).encode()


def time_taking(batch: int) -> tuple[float, float]:
    """Take bounces in; return seconds of processor time and of the clock a mail."""
    with tempfile.TemporaryDirectory(prefix="bench-returned-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "house"
        create_newsletter(home)
        house = House(home)
        try:
            first = fill(house.store, COPIES) << 32
            numbers = [first + place for place in range(101, 101 + BOUNCES * 40, 40)]
            with house.store.read() as connection:
                ids = deliveries.message_ids(connection, numbers, house.secret)
                told = [deliveries.tell_delivery(connection, number, house.secret) for number in numbers]
            known = [one for one in told if one is not None]
            mails = [ArrivedMail(make_bounce(one.recipient.address, ids[one.id]), str(one.id)) for one in known]
            began, cpu = time.perf_counter(), time.process_time()
            for start in range(0, len(mails), batch):
                assert all(one.recorded for one in house.returned.take(mails[start : start + batch]))
            return (time.process_time() - cpu) / len(mails), (time.perf_counter() - began) / len(mails)
        finally:
            house.close()


def main() -> None:
    """Print the table."""
    mails = [path.read_bytes() for path in sorted(SAMPLES.glob("*.eml"))]
    large = [mail + b"\n" + (b"QUJD" * 19 + b"\n") * (PICTURE // 77) for mail in mails[:20]]
    print(f"{'returned mail':<44}{'ms a mail':>10}{'mails/s':>10}{'slowest ms':>12}")
    for name, those in (("as the samples are", mails), ("with 700 kB behind each", large)):
        parsing, _slowest = measure(email.message_from_bytes, those)
        reading, slowest = measure(parse_report, those)
        print(f"{name:<44}{reading * 1000:>10.2f}{1 / reading:>10.0f}{slowest * 1000:>12.1f}")
        print(f"{'  parsed by the email package alone':<44}{parsing * 1000:>10.2f}{'':>10}{reading / parsing:>11.1f}x")
    print(f"{'taken in, of which the processor':<44}{'ms a mail':>10}{'mails/s':>10}{'CPU ms':>12}")
    for batch in (100, 1):
        cpu, seconds = time_taking(batch)
        print(f"{f'  {batch} in a transaction':<44}{seconds * 1000:>10.2f}{1 / seconds:>10.0f}{cpu * 1000:>12.2f}")


if __name__ == "__main__":
    main()
