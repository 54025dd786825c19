"""The one way we trust a relay's certificate: verified against the system's authorities, or against a named file."""

import ssl
from functools import lru_cache


@lru_cache(maxsize=32)
def make_tls_context(ca_file: str = "") -> ssl.SSLContext:
    """Return a verifying context, TLS 1.2 or later; with ca_file (PEM) only what it holds is trusted.

    Raises OSError (ssl.SSLError among them) when the file cannot be read.
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
