"""Generation in the background of a page: a worker thread fills a buffer, the page paints it.

Streamlit reruns a page at every click and would kill a generator that runs in it. The worker never calls
Streamlit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rag import Draft

Run = Callable[[threading.Event], Iterator[str | Draft]]


@dataclass
class WritingJob:
    """One piece being written. ``text`` grows; ``draft`` or ``error`` is set when it is ``done``."""

    request: str
    text: str = ""
    draft: Draft | None = None
    error: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def done(self) -> bool:
        """Whether the worker has ended."""
        return self._thread is not None and not self._thread.is_alive()

    def start(self, run: Run) -> WritingJob:
        """Write in a thread of its own."""
        self._thread = threading.Thread(target=self._work, args=(run,), name="writing", daemon=True)
        self._thread.start()
        return self

    def wait(self) -> None:
        """Until the worker has ended."""
        if self._thread:
            self._thread.join()

    def _work(self, run: Run) -> None:
        try:
            for piece in run(self.stop):
                if isinstance(piece, Draft):
                    self.draft = piece
                    self.text = piece.text
                else:
                    self.text += piece
        except Exception as error:
            self.error = f"{error} {getattr(error, 'hint', '')}".strip() or type(error).__name__
