"""What reading returned mail costs, on the samples of the tests, by one core; and what of it the email package takes.

The ratios are within one run: how many times parsing alone a reading costs, and how many mails a second that is here.
The bar is 300 mails a second; the slowest mail may take a second.
"""

import email
import time
from collections.abc import Callable
from pathlib import Path

from mailer.mail.reports import parse_report

SAMPLES = Path(__file__).parent.parent / "tests" / "mail" / "returned_samples"
ROUNDS = 5
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


if __name__ == "__main__":
    main()
