"""Python's search for garbage in cycles, less often while a run goes on. Knows nothing of the run."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: So many more objects made than freed call for a search, where Python's own default is 700. A run lets go of nearly
#: everything without cycles, but keeps thousands of young events for the oracle, which each search walks through anew.
RARELY: Final = 10_000


@contextmanager
def rarely_searched() -> Iterator[None]:
    """Searches as rarely as `RARELY` says, unless they are rarer already or switched off; afterwards as before."""
    before, *others = gc.get_threshold()
    if not 0 < before < RARELY:
        yield
        return
    gc.set_threshold(RARELY, *others)
    try:
        yield
    finally:
        gc.set_threshold(before, *others)
