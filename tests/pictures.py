"""Pictures of what a command prints, as SVG that needs nothing from anywhere."""

import io
import re
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

from streamsim.report.picture.timeline import Timeline
from streamsim.report.terminal import render_summary
from streamsim.scenario.header import header_of
from streamsim.scenario.load import load
from streamsim.scenario.play import play


def picture_of(root: Path, scenario: str, width: int = 100) -> str:
    """The summary of a scenario as a terminal shows it; the same text each time."""
    loaded = load(root / scenario)
    timeline = Timeline(header_of(loaded))
    played = play(loaded, sinks=[timeline])
    timeline.finish()
    console = Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(
        render_summary(
            played.header, played.metrics, played.expectations, played.violations, timeline, source=scenario
        )
    )
    svg = console.export_svg(title=f"streamsim run {scenario}", theme=SVG_EXPORT_THEME, unique_id="run")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
