"""Secrets stand outside config.toml: in files that only their owner may read, or in the environment."""

import os
from collections.abc import Mapping
from pathlib import Path

from mailer.config.console import OidcConfig
from mailer.config.notices import NoticesConfig
from mailer.config.reading import FILE_NAME
from mailer.config.returned import BouncesConfig, WebhookConfig
from mailer.config.sending import RelayConfig
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.model.os_words import say_os_error


def read_private_file(path: Path, field: str, exposed: str, cure: str = "") -> bytes:
    """Return a file that only its owner may read; `exposed` says what is wrong where others may.

    Raises ConfigError with that, or with `cure` when it cannot be read.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(exposed, file=path, field=field, cure=f"chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        why = _("cannot be read: {why}").format(why=say_os_error(error))
        raise ConfigError(why, file=path, field=field, cure=cure) from None


def read_password(relay: RelayConfig, home: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the relay's password from its file or environment variable; empty where there is no login.

    Raises ConfigError when it is not to be had, or when others may read the file. The value is never logged.
    """
    if not relay.username or relay.auth == "xoauth2":
        return ""
    places = (("password_file", relay.password_file), ("password_env", relay.password_env))
    return _read_secret(*places, _("the relay has a username but no password"), home, environ)


def read_mailbox_password(bounces: BouncesConfig, home: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the password of the mailbox of returned mail. Raises ConfigError as `read_password` does."""
    places = (
        ("bounces.imap_password_file", bounces.imap_password_file),
        ("bounces.imap_password_env", bounces.imap_password_env),
    )
    return _read_secret(*places, _("the mailbox has a username but no password"), home, environ)


def read_webhook_key(name: str, hook: WebhookConfig, home: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the key a provider signs with; empty where it signs with a certificate. Raises as `read_password` does."""
    if not hook.key_file and not hook.key_env:
        return ""
    places = ((f"webhooks.{name}.key_file", hook.key_file), (f"webhooks.{name}.key_env", hook.key_env))
    return _read_secret(*places, _("the webhook has no key"), home, environ)


def read_client_secret(oidc: OidcConfig, home: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the secret of the console at its provider; empty for a client without. Raises as `read_password` does."""
    if not oidc.client_secret_file and not oidc.client_secret_env:
        return ""
    places = (
        ("console.oidc.client_secret_file", oidc.client_secret_file),
        ("console.oidc.client_secret_env", oidc.client_secret_env),
    )
    return _read_secret(*places, "", home, environ)


def _read_secret(
    in_file: tuple[str, str], in_variable: tuple[str, str], missing: str, home: Path, environ: Mapping[str, str]
) -> str:
    """Return what stands in the file or the variable that two keys of the settings, given with their values, name."""
    file = home / FILE_NAME
    (file_key, named_file), (variable_key, variable) = in_file, in_variable
    if named_file:
        exposed = _("the password file may be read by others")
        secret = read_private_file(home / named_file, file_key, exposed).decode("utf-8").strip()
        if not secret:
            wrong, cure = _("the password file is empty"), _("write the password or key into it, on one line")
            raise ConfigError(wrong, file=home / named_file, field=file_key, cure=cure)
        return secret
    if variable:
        return _read_variable(variable, file, variable_key, file_key.rpartition(".")[2], environ)
    raise ConfigError(
        missing,
        file=file,
        field=variable_key,
        cure=_("name an environment variable in {variable}, or a file in {file}").format(
            variable=variable_key.rpartition(".")[2], file=file_key.rpartition(".")[2]
        ),
    )


def read_notice_urls(notices: NoticesConfig, home: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the text that names the channels of notices, from file and environment; empty where there are none.

    Raises ConfigError when one of them is not to be had, or when others may read the file. The text is never logged.
    """
    texts = []
    if notices.urls_file:
        exposed = _("the file of addresses for notices may be read by others")
        octets = read_private_file(home / notices.urls_file, "urls_file", exposed)
        texts.append(octets.decode("utf-8-sig", "replace"))
    if notices.urls_env:
        texts.append(_read_variable(notices.urls_env, home / FILE_NAME, "urls_env", "urls_file", environ))
    return "\n".join(texts)


def _read_variable(name: str, file: Path, field: str, instead: str, environ: Mapping[str, str]) -> str:
    if value := environ.get(name):
        return value
    raise ConfigError(
        _("the environment variable {name} is not set").format(name=name),
        file=file,
        field=field,
        cure=_("export {name} before the command starts, for `mailer serve` too; or use {key}").format(
            name=name, key=instead
        ),
    )
