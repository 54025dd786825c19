"""A server that nobody should call."""

import socket
import threading


class Listener:
    """Counts who connects to a port of this machine, until it is closed."""

    def __init__(self) -> None:
        self.hits = 0
        self._open = True
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            connection, _address = self._socket.accept()
            self.hits += self._open
            connection.close()
            if not self._open:
                return

    def close(self) -> None:
        """Stop listening; `hits` is final then."""
        self._open = False
        socket.create_connection(self._socket.getsockname()).close()
        self._thread.join()
        self._socket.close()
