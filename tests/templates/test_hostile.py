"""Templates with anything in the place of anything: they are served, drafted, or refused with a place, and nothing else."""

import copy
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsim.scenario.draft import written
from streamsim.scenario.load import load_text
from streamsim.scenario.text.document import Node, compose
from streamsim.scenario.text.errors import ScenarioError, Source
from streamsim.templates.drafting import draft_of
from streamsim.templates.intrinsics import TAGS
from streamsim.templates.template import load_template

FOLDER = Path(__file__).parent
PATHS = sorted(path for path in FOLDER.glob("*/*.yaml") if path.suffixes == [".yaml"])
TREES = [compose(path.read_text(), Source.of(path.name, path.read_text()), TAGS).plain() for path in PATHS]

ODD: list[Any] = [
    None, 0, -1, 3.5, True, "", "text", "${", "${Missing}", [], [[]], [None], {}, {"Ref": "Missing"}, {"Ref": ["a"]},
    {"Ref": "AWS::NoValue"}, {"Fn::Sub": []}, {"Fn::Sub": ["${a}", "b"]}, {"Fn::GetAtt": {}}, {"Fn::Join": [1, 2]},
    {"Fn::If": ["IsProduction"]}, {"Fn::Select": ["x", []]}, {"Fn::FindInMap": [[], {}]}, {"Fn::And": "x"},
    {"Fn::Cidr": []}, {"Fn::Split": ["", "a"]}, {"Type": "AWS::Serverless::Function"}, "x" * 300,
]  # fmt: skip


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place for key, value in inner for place in [(*path, key), *places(value, (*path, key))]]


@settings(max_examples=200)
@given(data=st.data())
def test_anything_in_the_place_of_anything_is_told_or_served(data: st.DataObject) -> None:
    tree = copy.deepcopy(data.draw(st.sampled_from(TREES)))
    for _ in range(data.draw(st.integers(1, 3))):
        *steps, last = data.draw(st.sampled_from(places(tree)))
        parent = tree
        for step in steps:
            parent = parent[step]
        parent[last] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
        if not places(tree):
            break
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.yaml"
        path.write_text(yaml.safe_dump(tree, sort_keys=False))
        with suppress(ScenarioError):
            assert load_template(path).functions
        with suppress(ScenarioError):
            draft, _ = draft_of(path, {}, (), Path(folder))
            assert load_text(written(draft, f"{folder}/scenario.yaml"), f"{folder}/scenario.yaml").mappings


def test_what_is_composed_knows_where_it_stands() -> None:
    root = compose("a: !Sub [x, {b: !Ref c}]\n", Source.of("t", "a: !Sub [x, {b: !Ref c}]\n"), TAGS)
    node: Node | None = root
    for step in ("a", "Fn::Sub", 1, "b", "Ref"):
        assert node is not None
        node = node.child(step)
    assert node is not None
    assert (node.scalar, node.span.column) == ("c", 16)
