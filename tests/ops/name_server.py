"""A name server on this machine that knows some TXT records (RFC 1035), over UDP."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset


@contextmanager
def name_server(texts: Mapping[str, list[str]], *, broken: bool = False) -> Iterator[dns.resolver.Resolver]:
    """Answer until the end, and yield what asks it. A name with no texts is there without records; others are not.

    broken: it fails at every question (SERVFAIL).
    """
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                asked, peer = server.recvfrom(4096)
            except OSError:
                return
            if asked == b"stop":
                return
            query = dns.message.from_wire(asked)
            reply = dns.message.make_response(query)
            name = query.question[0].name.to_text(omit_final_dot=True)
            if broken:
                reply.set_rcode(dns.rcode.SERVFAIL)
            elif name not in texts:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            elif texts[name]:
                records = " ".join
                reply.answer.append(
                    dns.rrset.from_text_list(
                        query.question[0].name, 60, "IN", "TXT", [records([one]) for one in texts[name]]
                    )
                )
            server.sendto(reply.to_wire(), peer)

    thread = threading.Thread(target=answer)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    try:
        yield resolver
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"stop", server.getsockname())
        thread.join(10)
        server.close()
