"""The whole page: the template with its style, its script and the runs, as one text that needs nothing from anywhere.

What comes from outside (names, keys, error texts) goes into JSON that is ASCII and holds no `<`, and from there only
into text nodes. A content security policy lets nothing run but the script that is shipped here, and nothing be loaded.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from streamsim.report.comparison.compared import (
    LESS_IS_BETTER,
    NEITHER,
    Run,
    differing,
    failing,
    met,
    value_said,
)
from streamsim.report.comparison.ranking import ranked
from streamsim.report.page.document import PageRun, packed_run, shaped
from streamsim.report.page.hints import hints
from streamsim.report.page.lanes import cut
from streamsim.report.page.rules import RULES
from streamsim.report.phrases import found, measured

_ASSETS: Final = Path(__file__).with_name("assets")

#: The parts of the script, each of which may use those before it; `main` starts the page.
_SCRIPTS: Final = (
    "words", "data", "run", "look", "axis", "strips", "lanes", "lineage", "curves", "concurrency", "overview", "legend", "chart", "element", "closeup", "inspector",
    "moments", "settings", "table", "compared", "controls", "main",
)  # fmt: skip
_STYLES: Final = ("base", "chart", "panels")

_MARK: Final = re.compile(r"\{\{(\w+)\}\}")

#: Characters of a title, and of a scenario file that is shown.
_TITLE: Final = 200
_FILE: Final = 40_000

#: Characters of a page, as long as what happened can be shown in them.
_PAGE: Final = 590_000


def page(runs: Sequence[PageRun], *, source: str | None = None, file: str | None = None) -> str:
    """The HTML of one run, or of several side by side. `source` is what was typed, to be typed again; `file` the
    scenario as it was written.

    The same runs give the same bytes.
    """
    compared = [
        Run(run.settings, run.metrics, run.expectations, run.violations, run.timeline) for run in runs
    ]
    scenario = cut(runs[0].header.scenario, _TITLE)
    script = "(() => {\n'use strict';\n" + _joined(_SCRIPTS, "js") + "})();\n"
    style = _joined(_STYLES, "css")
    content: dict[str, Any] = {
        "scenario": scenario,
        "source": source and cut(source),
        "file": file and cut(file, _FILE),
        "comparison": _comparison(compared),
        "rules": {name: {"text": text, "source": from_} for name, (text, from_) in RULES.items()},
    }
    content["hints"] = hints([group for run in runs for group in shaped(run.header)])
    room = (_PAGE - len(script) - len(style) - len(in_script(content))) // len(runs)
    content["runs"] = [packed_run(run, one.name, room) for run, one in zip(runs, compared, strict=True)]
    parts: Mapping[str, str] = {
        "title": html.escape(scenario.encode("utf-8", "replace").decode()),
        "script_hash": _hash(script),
        "style_hash": _hash(style),
        "style": style,
        "script": script,
        "content": in_script(content),
    }
    template = (_ASSETS / "page.html").read_text(encoding="utf-8")
    return _MARK.sub(lambda mark: parts[mark[1]], template)


def in_script(content: Any) -> str:
    """JSON that can stand in a script element: ASCII, so that any string can be written, and without `<`."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False, default=dict)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _joined(names: Sequence[str], kind: str) -> str:
    """The parts one after another, without indents and lines that are comments."""
    lines = (
        line.strip()
        for name in names
        for line in (_ASSETS / f"{name}.{kind}").read_text(encoding="utf-8").splitlines()
    )
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _comparison(runs: Sequence[Run]) -> dict[str, Any] | None:
    """What differs between runs: the settings of each, and rows of measures with the best of them marked."""
    if len(runs) < 2:
        return None
    ranking = ranked(runs)
    rows = []
    measures = differing(runs, (*LESS_IS_BETTER, *NEITHER))
    measures = sorted(measures, key=lambda name: name not in ranking.asked)  # the page begins with a few
    for name in measures:
        values = [found(run.metrics, name) for run in runs]
        known = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        least = measured(name, min(known)) if known and name in LESS_IS_BETTER else None
        rows.append(
            {
                "measure": name,
                "values": [float(value) if value in known else None for value in values],
                "cells": [measured(name, value) for value in values],
                "best": [
                    may and measured(name, value) == least
                    for value, may in zip(values, ranking.stars, strict=True)
                ],
            }
        )
    settings = [
        {"path": path, "values": [value_said(run.settings[path]) for run in runs]}
        for path in runs[0].settings
    ]
    failed = sum(not run.well for run in runs)
    return {
        "settings": settings,
        "rows": rows,
        "met": [[met(run), all(one["ok"] for one in run.expectations)] for run in runs],
        "failing": [
            {
                "test": f"{measure}: {test}",
                "cells": [
                    None if one is None else [measured(measure, one["value"]), bool(one["ok"])]
                    for one in asked
                ],
            }
            for measure, test, asked in failing(runs)
        ],
        "sentence": " ".join(ranking.sentences),
        "verdict": f"{failed} of {len(runs)} runs fail"
        if failed
        else f"All {len(runs)} runs hold what was expected",
        "well": not failed,
    }
