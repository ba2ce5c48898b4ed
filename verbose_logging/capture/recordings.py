"""The recordings of one callback, one after the other: a session for each run, and what is put in where there is none.

Nothing here knows who trains. Whoever calls keeps exceptions from the training.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from verbose_logging.containment import HookRecord
from verbose_logging.crash import LEFT_BEHIND, Outcome
from verbose_logging.facts import Fact, UserWrote
from verbose_logging.session import Session
from verbose_logging.settings import Settings


def discard(_: Fact) -> None:
    """Takes a fact when nothing is recorded."""


class Recordings:
    """Opens a session where one is wanted, and closes it where its run is over.

    Args:
        settings: All options.
        hook_record: How the hooks fare, for the account in each run's last entry.
        make_session: Makes the sessions.

    Attributes:
        session: The present one; `None` when nothing is recorded.
        put: Takes a fact of the present session.
        output_dir: Where the Trainer writes, once it is known.
        attempt: Above 1 where the training under way has begun again with a smaller batch.
        is_training: Whether a training is under way.
    """

    def __init__(
        self, settings: Settings, hook_record: HookRecord, *, make_session: Callable[..., Session] = Session
    ) -> None:
        self.session: Session | None = None
        self.put: Callable[[Fact], None] = discard
        self.output_dir: str | None = None
        self.attempt = 0
        self.is_training = False
        self._settings = settings
        self._hook_record = hook_record
        self._make_session = make_session

    def begin(self, *first: Fact, retry: bool, rank: int, world_size: int) -> Session:
        """Returns the session of a training that begins; that of an earlier training writes on its own what it holds.

        Args:
            *first: As in `opened`.
            retry: Whether it is the same training, begun again.
            rank: This process among those of the job.
            world_size: How many processes the job has.
        """
        earlier = self.session
        if earlier is not None and self.is_training and not retry:
            earlier.break_off(*LEFT_BEHIND)
        if earlier is not None and earlier.ended:
            self.session = None
            earlier.leave()
        session = self.opened(*first, rank=rank, world_size=world_size)
        self.attempt = self.attempt + 1 if retry else 1
        self.is_training = True
        return session

    def opened(self, *first: Fact, rank: int, world_size: int) -> Session:
        """Returns the present session, or a new one where there is none.

        Args:
            *first: What its log has to know beforehand: the run that is resumed.
            rank: This process among those of the job.
            world_size: How many processes the job has.
        """
        if self.session is None:
            return self._open(*first, rank=rank, world_size=world_size)
        for fact in first:
            self.session.put_vital(fact)
        return self.session

    def _open(self, *first: Fact, rank: int, world_size: int) -> Session:
        settings = self._settings.for_rank(rank).writing_to(self.output_dir)
        session = self._make_session(settings, rank=rank, world_size=world_size, hook_record=self._hook_record)
        if self.session is not None:  # a signal handler that writes has opened one meanwhile
            return self.session
        self.session, self.put = session, session.put
        session.open(*first)
        return session

    def end(self, step: int, epoch: float) -> None:
        """Records the orderly end of the training under way; the session stays open for what may follow."""
        if self.session is not None and self.is_training:
            self.is_training = False
            self.session.end(step, epoch)

    def break_off(self, outcome: Outcome, exception: Mapping[str, Any]) -> None:
        """Records that the training under way ended without its end, and brings that to the log."""
        self.is_training = False
        if self.session is not None:
            self.session.break_off(outcome, exception)
            self.session.flush()

    def write(self, entry: dict[str, Any]) -> None:
        """Records an entry of the user's own; before any training, in a session that is opened for it on rank 0."""
        session = self.session
        if session is None and self._settings.enabled and os.environ.get("RANK", "0") == "0":
            session = self.opened(rank=0, world_size=int(os.environ.get("WORLD_SIZE", "1")))
        if session is not None:
            session.put(UserWrote(monotonic(), entry))

    def close(self) -> None:
        """Ends the present recording and lets go of its files; idempotent."""
        session, self.session = self.session, None
        self.put = discard
        self.is_training = False
        if session is not None:
            session.close()
