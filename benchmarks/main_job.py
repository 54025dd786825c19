"""What the steps of the main job cost, as ratios within one run; absolute times drift with the machine.

Per recipient the hot path is Composer.compose; everything else happens once an edition. The ratios to look at are how
many messages are composed in the time of one rendering, and what a signature adds. A signed body is hashed whole, which
`sha256` shows.
"""

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from mailer.config import load_config
from mailer.mail.dkim import Signer, make_signer
from mailer.mail.message import make_composer, make_letterhead
from mailer.model.delivery import Delivery, Recipient
from mailer.model.dkim import KeyType
from mailer.rendering.edition import render_edition
from mailer.sources.issue_files import load_files
from mailer.sources.issue_folder import load_issue
from mailer.tokens import HouseSecret, Purpose, sign_token

HERE = Path(__file__).parent.parent
SECRET = HouseSecret(1, {1: b"benchmark" * 4})
NOW = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)


def median_ms(act: Callable[[], object], repeat: int) -> float:
    """Return the median time of an act in milliseconds, after one round that warms it."""
    act()
    times: list[float] = []
    for _round in range(repeat):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def make_delivery(number: int) -> Delivery:
    """Return a delivery to a made-up reader."""
    token = sign_token(SECRET, Purpose.BOUNCE, number)
    reader = Recipient(f"reader{number}@firm.example", "办公室", "", "某公司", "杭州")
    return Delivery(number, 1, "2020-07", "members", 1, reader, f"<{token}@zsia.example>", token, NOW, NOW, 0, "")


def make_signers(domain: str) -> tuple[Signer, Signer]:
    """Return signers with fresh keys: RSA and Ed25519."""
    with tempfile.TemporaryDirectory() as folder:
        return (
            make_signer("r", domain, KeyType.RSA, Path(folder) / "r.pem"),
            make_signer("e", domain, KeyType.ED25519, Path(folder) / "e.pem"),
        )


def main() -> None:
    """Print the table."""
    config = load_config(HERE)
    folder = HERE / "issues" / "2020-07"
    issue = load_issue(folder)
    files = load_files(folder, issue)

    def render() -> object:
        return render_edition(issue, "members", config.lists["members"], config, HERE / "templates", files)

    edition = render_edition(issue, "members", config.lists["members"], config, HERE / "templates", files)
    letterhead = make_letterhead(config, "members", SECRET)
    deliveries = [make_delivery(number) for number in range(200)]
    rsa, ed25519 = make_signers(config.sender.domain)

    def compose(*signers: Signer) -> float:
        composer = make_composer(edition, letterhead, signers)
        return median_ms(lambda: [composer.compose(one) for one in deliveries], 5) / len(deliveries)

    message = make_composer(edition, letterhead).compose(deliveries[0])
    costs = {
        "load_issue": median_ms(lambda: load_issue(folder), 15),
        "render_edition": median_ms(render, 15),
        "make_composer": median_ms(lambda: make_composer(edition, letterhead), 15),
        "compose": compose(),
        "compose, Ed25519": compose(ed25519),
        "compose, RSA": compose(rsa),
        "compose, both": compose(rsa, ed25519),
        "sha256": median_ms(lambda: hashlib.sha256(message).digest(), 200),
        "sign_token": median_ms(lambda: [sign_token(SECRET, Purpose.BOUNCE, n) for n in range(2000)], 5) / 2000,
    }
    out = sys.stdout
    out.write(f"message {len(message) / 1024:.1f} KB on the wire\n")
    for name, cost in costs.items():
        out.write(f"{name:16} {cost:9.4f} ms   x{cost / costs['compose']:.2f} of a compose\n")


if __name__ == "__main__":
    main()
