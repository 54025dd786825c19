"""Serves the preview page to a browser on this machine while `mailer render --watch` runs, and tells it of changes."""

import hashlib
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class PreviewServer:
    """A server on a free port of 127.0.0.1. Its address holds a secret, as other users and pages reach the port too."""

    def __init__(self, page: str) -> None:
        self._secret = secrets.token_urlsafe(16)
        self._page = page.encode()
        preview = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                preview.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address to open."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{self._secret}/"

    def show(self, page: str) -> None:
        """Show another page from now on; an open one reloads itself."""
        self._page = page.encode()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request: the page, or the hash of it under `version`."""
        page = self._page
        if request.path == f"/{self._secret}/":
            kind, body = "text/html; charset=utf-8", page
        elif request.path == f"/{self._secret}/version":
            kind, body = "text/plain", hashlib.sha256(page).hexdigest().encode()
        else:
            request.send_error(HTTPStatus.NOT_FOUND)
            return
        request.send_response(HTTPStatus.OK)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)
