"""A web server that takes what is posted to it, for channels of notices: answers as it is told, else 200 and errcode 0."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SILENT = 0  # a status: no answer until the server is closed


@dataclass
class WebHook:
    """`answers` are given in turn as (status, body); posts are (path with query, body read as JSON)."""

    answers: list[tuple[int, object]] = field(default_factory=list)
    posts: list[tuple[str, Any]] = field(default_factory=list)
    port: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def serve(self) -> Iterator["WebHook"]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                hook.posts.append((self.path, json.loads(body)))
                status, answer = hook.answers.pop(0) if hook.answers else (200, {"errcode": 0, "errmsg": "ok"})
                if status == SILENT:
                    hook.closed.wait(30)
                    return
                octets = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = False  # closing waits for them, so that no socket is left behind
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.closed.set()
            server.shutdown()
            thread.join()
            server.server_close()
