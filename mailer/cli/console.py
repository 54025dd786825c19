"""The console; loaded only where it is served."""

from mailer.web.console.app import create_console as create_console
from mailer.web.server import serve_public as serve_public
