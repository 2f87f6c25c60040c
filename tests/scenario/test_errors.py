"""How problems look: the frame fits a terminal, carets stand below what they mean, nothing escapes into the terminal."""

import pytest

from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span, closest, show


def frame(line: str, column: int, length: int = 1) -> list[str]:
    return Problem("wrong", Span(Source.of("x.yaml", line), 0, column, length)).frame.split("\n")


ROWS: dict[str, tuple[str, int, int, list[str]]] = {
    "plain": ("key: value", 5, 5, ["  1 | key: value", "    |      ^^^^^"]),
    "tabs are four columns": ("\ta: b", 4, 1, ["  1 |     a: b", "    |        ^"]),
    "wide characters are two": ("名: 値", 3, 1, ["  1 | 名: 値", "    |     ^^"]),
    "combining characters are none": ("e\u0301: b", 4, 1, ["  1 | e\u0301: b", "    |    ^"]),
    "control characters are shown as a mark": ("a\x1b[31m: b", 0, 3, ["  1 | a\ufffd[31m: b", "    | ^^^"]),
    "a caret beyond the line stands at its end": ("ab", 2, 1, ["  1 | ab", "    |   ^"]),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_frame(name: str) -> None:
    line, column, length, expected = ROWS[name]
    assert frame(line, column, length) == expected


@pytest.mark.parametrize("column", [0, 50, 95, 96, 97, 500, 99_990])
@pytest.mark.parametrize("character", ["x", "値", "\t"])
def test_a_long_line_is_cut_around_the_caret(column: int, character: str) -> None:
    line = character * column + "HERE" + character * (100_000 - column)
    shown, carets = frame(line, column, 4)
    assert len(shown) <= 110
    assert "HERE" in shown
    before = shown[: shown.index("HERE")]
    assert carets.index("^") == sum(2 if letter == "値" else 1 for letter in before)
    assert carets.endswith("^^^^")


def test_blank_lines_around_are_left_out() -> None:
    source = Source.of("x.yaml", "\n\na: 1\n\n\n")
    assert Problem("wrong", Span(source, 2, 0)).frame == "  3 | a: 1\n    | ^"


def test_a_whole_file_has_no_place() -> None:
    assert (
        show(Problem("it is missing", Span(Source("x.yaml")), "look"))
        == "x.yaml: error: it is missing\nhint: look"
    )


def test_problems_come_once_each_in_the_order_of_the_lines() -> None:
    source = Source.of("x.yaml", "a\nb\nc")
    late, early = Problem("late", Span(source, 2, 0)), Problem("early", Span(source, 0, 0))
    error = ScenarioError([late, early, late])
    assert error.problems == [early, late]
    assert [(problem.line, problem.column) for problem in error.problems] == [(1, 1), (3, 1)]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("batch_size", "BatchSize"),
        ("BATCHSIZE", "BatchSize"),
        ("BatchSizes", "BatchSize"),
        ("speed", None),
        ("", None),
        (None, None),
    ],
)
def test_the_closest_word(word: object, expected: str | None) -> None:
    assert closest(word, ["ParallelizationFactor", "BatchSize"]) == expected
