"""Whether a run in real time is shown while it goes on: on a terminal, where errors and notes go."""

from rich.console import Console

from streamsim.report.view.screen import LiveView, watched


def live_view(title: str, *, parts: str = "shard", crowded: bool = False) -> LiveView | None:
    """The view, yet to be entered; None where stderr is no terminal that can show it. See `LiveView`."""
    console = Console(stderr=True, highlight=False)
    return LiveView(title, console, parts=parts, crowded=crowded) if watched(console) else None
