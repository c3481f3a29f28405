"""Limit on idle connections to the review page.

Uvicorn's own limit counts connections, whoever opened them, and it has no time limit before the
first request: so anybody on the machine could shut the reviewers out by connecting and sending
nothing. Here a connection has `PATIENCE` seconds for the head of its first request, however slowly
it trickles; where more than `MOST_WAITING` are at that, the one that waits longest is closed. The
`AccessControl` closes connections without a key once they are answered.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 10.0
"""Seconds for the head of the first request; set by hand, not measured."""

MOST_WAITING = 100
"""Connections that may wait at once; set by hand, above what browsers open."""


class LimitedConnection(H11Protocol):
    """Connection that is closed without a request in time."""

    _since: float
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline; close the oldest of too many waiting connections."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(PATIENCE, self._close)
        waiting = [c for c in self.connections if isinstance(c, LimitedConnection) and c._deadline]
        if len(waiting) > MOST_WAITING:
            min(waiting, key=lambda connection: connection._since)._close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadline."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Handle received events; a whole head stops the deadline."""
        super().handle_events()
        if self.cycle is not None:
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        self._stop_waiting()
        self.transport.close()
