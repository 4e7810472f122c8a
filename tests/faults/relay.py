"""A network between a phone and the site that can be lost, as in a tunnel: without a word."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.services.full import Full


class Relay:
    """`phone` is the phone's end. What is said while a way is lost never arrives."""

    def __init__(self, port: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.phone = socket.create_connection(door.getsockname())
            near, _ = door.accept()
        far = socket.create_connection(("localhost", port))
        self.to_site, self.from_site = True, True
        self._ends = (self.phone, near, far)
        self._threads = [
            threading.Thread(target=self._carry, args=(near, far, "to_site")),
            threading.Thread(target=self._carry, args=(far, near, "from_site")),
        ]
        for thread in self._threads:
            thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, way: str) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if getattr(self, way):
                    target.sendall(data)

    def close(self) -> None:
        for end in self._ends[1:]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._ends[1:]:
            end.close()


@contextmanager
def to(full: Full) -> Iterator[Relay]:
    relay = Relay(int(full.origin.rpartition(":")[2]))
    try:
        yield relay
    finally:
        relay.close()
