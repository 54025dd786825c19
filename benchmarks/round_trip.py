"""How many messages one connection hands over in the time of one round trip, to a server that is 50 ms away.

Between our sender and Postfix's smtp-sink stands a proxy that delays each direction by 25 ms. What its round trip
really takes is measured by pings through it, just before and after.
"""

import argparse
import json
import socket
import statistics
import sys
import threading
import time

from benchmarks.bench_proxy import running_proxy
from benchmarks.bench_world import running_sink
from benchmarks.send import send_in_child

ONE_WAY_S = 0.025
GOAL = 0.9
PINGS = 20


def _echo(server: socket.socket) -> None:
    while True:
        try:
            client, _address = server.accept()
        except OSError:
            return
        with client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := client.recv(4096):
                client.sendall(data)


def measure_round_trip(port: int) -> float:
    """Return the median time in seconds that an octet takes there and back."""
    times: list[float] = []
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ping in range(PINGS):
            began = time.perf_counter()
            client.sendall(b".")
            client.recv(1)
            times.append(time.perf_counter() - began)
    return statistics.median(times[1:])  # the first waits for the connection behind the proxy


def measure(messages: int) -> dict[str, float]:
    """Send over one connection through the proxy; return the figures."""
    with socket.create_server(("127.0.0.1", 0)) as echo, running_sink() as sink:
        threading.Thread(target=_echo, args=(echo,), daemon=True).start()
        with running_proxy(ONE_WAY_S, sink, echo.getsockname()[1]) as (far, far_echo):
            before = measure_round_trip(far_echo)
            found = send_in_child(messages, "ed25519", connections=1, port=far)
            trip = statistics.mean([before, measure_round_trip(far_echo)])
    return {
        "round_trip_ms": round(trip * 1000, 2),
        "messages": messages,
        "messages_per_round_trip": round(found["messages_per_second"] * trip, 3),
        "goal": GOAL,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--json", action="store_true", help="one object instead of a line")
    chosen = parser.parse_args()
    found = measure(chosen.messages)
    if chosen.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    sys.stdout.write(
        f"one connection, {found['messages']} messages, a round trip of {found['round_trip_ms']} ms: "
        f"{found['messages_per_round_trip']} messages a round trip (goal {GOAL})\n"
    )


if __name__ == "__main__":
    main()
