"""Keys with which a house signs what it sends."""

import re
from pathlib import Path

from mailer.app.ground import Ground
from mailer.config import FILE_NAME, SELECTOR
from mailer.errors import ConfigError, UsageError
from mailer.i18n import _
from mailer.model.address import is_provider
from mailer.model.dkim import DkimKey, KeyType


class Signing:
    """The DKIM keys of a house."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def create(self, selector: str, key_type: KeyType) -> DkimKey:
        """Make a key in var/dkim/, or where the settings name its file; it signs nothing until they name it.

        Raises UsageError for a selector that cannot be, ConfigError where the sender's domain is a provider's,
        StateError where the file is there.
        """
        from mailer.mail.dkim import make_signer  # cryptography is slow to load

        if not re.fullmatch(SELECTOR, selector):
            raise UsageError(
                _("“{text}” cannot be a selector").format(text=selector),
                cure=_("use a-z, 0-9 and -, no - at either end, at most 63"),
            )
        config = self._ground.config
        if is_provider(config.sender.domain):
            raise ConfigError(
                _("mail from {domain} cannot be signed by you").format(domain=config.sender.domain),
                file=self._ground.home / FILE_NAME,
                field="sender.address",
                cure=_("send as an address of a domain of your own; only {domain} itself can sign for it").format(
                    domain=config.sender.domain
                ),
            )
        table = config.dkim.get(selector)
        file = Path(table.key_file if table else f"var/dkim/{selector}.pem")
        self._ground.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        signer = make_signer(selector, config.signing_domain(selector), key_type, self._ground.home / file)
        return DkimKey(selector, signer.domain, key_type, signer.record, file)

    def keys(self) -> tuple[DkimKey, ...]:
        """Return the keys that the settings name. Raises ConfigError for one that cannot be used."""
        from mailer.mail.dkim import load_signers

        config = self._ground.config
        return tuple(
            DkimKey(one.selector, one.domain, one.key_type, one.record, Path(config.dkim[one.selector].key_file))
            for one in load_signers(config, self._ground.home)
        )
