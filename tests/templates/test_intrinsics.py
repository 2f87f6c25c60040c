"""What the functions of templates come to, and what is not known."""

from typing import Any

import pytest

from streamsim.scenario.text.document import compose
from streamsim.scenario.text.errors import Source
from streamsim.templates.intrinsics import NOTHING, TAGS, Scope, Unknown


def value(text: str) -> Any:
    twice = {
        f"Twice{number}": f"!And [Condition: Twice{number - 1}, Condition: Twice{number - 1}]"
        for number in range(1, 60)
    }
    conditions = {
        key: compose(written, Source.of(key, written), TAGS)
        for key, written in {
            **twice,
            "Twice0": "!Equals [a, a]",
            "Loop": "!Not [Condition: Loop]",
            "Yes": "!Equals [a, !Ref Name]",
            "No": "!Not [Condition: Yes]",
            "Either": "!Or [!Condition No, !Condition Yes]",
            "Both": "!And [!Condition No, !Condition Yes]",
            "Open": "!Equals [a, !Ref Lost]",
        }.items()
    }
    parameters = {
        "Name": "a",
        "Names": ["x", "y"],
        "Count": 3,
        "On": True,
        "Long": "x" * 100,
        "Lost": Unknown("lost"),
    }
    mappings = {"Sizes": {"a": {"memory": 256}}}

    def referred(key: str, attribute: str | None) -> Any:
        return (
            f"<{key}>"
            if attribute is None
            else f"<{key}.{attribute}>"
            if key == "Queue"
            else Unknown(f"no {key}")
        )

    scope = Scope(parameters, conditions, mappings, referred)
    return scope.value(compose(text, Source.of("template", text), TAGS))


ROWS: list[tuple[str, str, Any]] = [
    ("a parameter", "!Ref Name", "a"),
    ("its long form", "{Ref: Name}", "a"),
    ("a pseudo parameter", "!Ref AWS::Region", "us-east-1"),
    ("a resource", "!Ref Queue", "<Queue>"),
    ("an attribute", "!GetAtt Queue.Arn", "<Queue.Arn>"),
    ("an attribute as a list", "{'Fn::GetAtt': [Queue, Arn]}", "<Queue.Arn>"),
    ("text with names in it", "!Sub 'a-${Name}-${AWS::AccountId}-${Queue.Arn}-${Count}-${On}'", "a-a-123456789012-<Queue.Arn>-3-true"),
    ("text with its own names", "!Sub ['${Mine}-${Name}', {Mine: !Ref Count}]", "3-a"),
    ("text that grows too long", "!Join ['', [" + ", ".join(["!Ref Long"] * 1200) + "]]", Unknown("a text of more than 100,000 characters")),
    ("text with names of its own that are none", "!Sub ['${Name}', 5]", "a"),
    ("text with a literal placeholder", "!Sub '${!Name}'", "${Name}"),
    ("joined", "!Join [',', [a, !Ref Count, !Ref Names]]", "a,3,['x', 'y']"),
    ("joined from a list parameter", "!Join [',', !Ref Names]", "x,y"),
    ("split and selected", "!Select [1, !Split ['-', a-b-c]]", "b"),
    ("selected beyond the end", "!Select [9, [a]]", Unknown("an Fn::Select of what is not in its list")),
    ("found in a map", "!FindInMap [Sizes, !Ref Name, memory]", 256),
    ("not found in a map", "!FindInMap [Sizes, b, memory]", Unknown("an Fn::FindInMap of what is not there")),
    ("Base64", "{'Fn::Base64': abc}", "YWJj"),
    ("if it holds", "!If [Yes, 1, 2]", 1),
    ("if it does not", "!If [No, 1, 2]", 2),
    ("if one of both holds", "!If [Either, 1, 2]", 1),
    ("if both hold", "!If [Both, 1, 2]", 2),
    ("if nobody knows", "!If [Open, 1, 2]", Unknown("lost")),
    ("if it is made of itself", "!If [Loop, 1, 2]", Unknown("condition Loop is made of itself")),
    ("if it is made of many", "!If [Twice20, 1, 2]", 1),
    ("if it is made of too many", "!If [Twice59, 1, 2]", Unknown("condition Twice27 is 32 references deep")),
    ("if there is no condition", "!If [Nope, 1, 2]", Unknown("there is no condition Nope")),
    ("no value is not there", "{a: !Ref AWS::NoValue, b: [!Ref AWS::NoValue, 1]}", {"b": [1]}),
    ("no value at all", "!Ref AWS::NoValue", NOTHING),
    ("another stack's export", "!ImportValue other", Unknown("it is another stack's export 'other'")),
    ("what is not known spreads into text", "!Sub 'a-${Lost}'", Unknown("lost")),
    ("and into what is joined", "!Join ['', [a, !Ref Lost]]", Unknown("lost")),
    ("what is looked up", "'{{resolve:ssm:/a/b:1}}'", Unknown("{{resolve:ssm:/a/b:1}} is looked up when it is deployed")),
    ("what is looked up inside a text", "!Sub 'x-{{resolve:ssm:/a}}-${Name}'", Unknown("{{resolve:ssm:/a}} is looked up when it is deployed")),
    ("but not beside it", "[!Ref Lost, !Ref Name]", [Unknown("lost"), "a"]),
    ("a function that is not worked out", "!GetAZs ''", Unknown("Fn::GetAZs is not worked out here")),
    ("an attribute of nothing", "!GetAtt Queue", Unknown("an Fn::GetAtt that names no attribute")),
    ("a join of nothing", "!Join a", Unknown("an Fn::Join without separator and list")),
    ("a map that only looks like a function", "{Ref: a, Other: b}", {"Ref": "a", "Other": "b"}),
    ("numbers as keys", "{200: OK, true: on}", {"200": "OK", "true": "on"}),
    ("a number that YAML readers differ on is text", "{a: 0123}", {"a": "0123"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_value_comes_to(text: str, expected: Any) -> None:
    assert value(text) == expected
