"""The pages that are drawn from tables and ship with the package are up to date."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import streamsim
from streamsim.report.documents.glossary import glossary_page
from streamsim.report.documents.measures import measures_page
from streamsim.report.documents.parameters import parameters_page
from streamsim.report.documents.settings import settings_page
from tests.conftest import Golden

PAGES: dict[str, Callable[[], str]] = {
    "glossary": glossary_page,
    "measures": measures_page,
    "parameters": parameters_page,
    "settings": settings_page,
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_up_to_date(name: str, golden: Golden) -> None:
    golden(Path(streamsim.__file__).parent / "docs" / f"{name}.md", PAGES[name]())


@pytest.mark.parametrize("name", PAGES)
def test_every_row_of_a_table_has_the_cells_of_its_head(name: str) -> None:
    cells = 0
    for line in PAGES[name]().splitlines():
        if not line.startswith("|"):
            cells = 0
        elif not cells:
            cells = line.count("|")
        else:
            assert line.count("|") == cells, line


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    docs = Path(streamsim.__file__).parent / "docs"
    for link in re.findall(r"\]\(([^)]+)\)", PAGES[name]()):
        assert (docs / link).is_file(), link
