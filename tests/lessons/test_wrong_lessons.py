"""A lesson that says what is not so is an error with file, line and column, and nothing of it is shown."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from streamsim.cli import main

SCENARIO = """\
scenario: A batch is given up
duration: 1s
producer: {backlog: 4}
stream: {shards: 1}
mapping: {BatchSize: 4, MaximumRetryAttempts: 1}
faults: [{poison: {shard: 0, record: 2}}]
expect: {discarded: 4}
"""
LESSON = """\
# Given up

Four records.

## Guess

How many are given up?

- [x] Four. `discarded: 4, invoke(record=2): 2`
- [ ] One. `discarded: 1`

## See

```console
$ streamsim run scenario.yaml --story --quiet
```

- Two calls. `Errors: 2`

## Why

So it is.

## Change one thing

No retry.

```console
$ streamsim run scenario.yaml --set MaximumRetryAttempts=0
```

## Guess again

How many calls?

- [x] One. `invoke(): 1`

## See the difference

- One id. `invoke(count=4).request_id: 1`

## And why

So it is.

## Remember

That.
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine/scenario.yaml").write_text(SCENARIO)
    Path("mine/lesson.md").write_text(LESSON)


def test_a_lesson_of_ones_own_is_played() -> None:
    result = CliRunner().invoke(main, ["learn", "mine", "--yes"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Given up\n\n  Four records.\n")
    assert "• Answer: 1. Four.\n" in result.stdout
    assert "streamsim run mine/scenario.yaml --set MaximumRetryAttempts=0\n" in result.stdout


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        pytest.param(
            "`discarded: 4, ", "`discarded: 3, ",
            "mine/lesson.md:9:14: error: the run says otherwise: discarded is 4\n",
            id="the right answer is wrong",
        ),
        pytest.param(
            "invoke(record=2): 2", "invoke(record=2): 3",
            "mine/lesson.md:9:28: error: the run says otherwise: invoke(record=2) is 2\n",
            id="the right answer is wrong in a count of events",
        ),
        pytest.param(
            "`discarded: 1`", "`discarded: 2..9`",
            "mine/lesson.md:10:1: error: this answer is not ticked, and it is right: discarded is 4\n",
            id="a wrong answer is right as well",
        ),
        pytest.param(
            "invoke(): 1", "invoke(): 2", "mine/lesson.md:36:13: error: the run says otherwise: invoke() is 1\n",
            id="the number is another after the change",
        ),
        pytest.param(
            "`Errors: 2`", "`Errors: 3`", "mine/lesson.md:18:15: error: the run says otherwise: Errors is 2\n",
            id="what is to be seen is not there",
        ),
        pytest.param(
            "- [ ] One.", "- [x] One.", "mine/lesson.md:5:1: error: 2 of the 2 answers are ticked, and one is right\n",
            id="two answers are ticked",
        ),
        pytest.param(
            "- [x] One. `invoke(): 1`\n", "", "mine/lesson.md:32:1: error: there are no answers, and one is right\n",
            id="a question has no answers",
        ),
        pytest.param(
            "- Two calls. `Errors: 2`", "- Two calls.",
            "mine/lesson.md:18:1: error: nothing here can be held to the run\n",
            id="something is said that nothing proves",
        ),
        pytest.param(
            "Errors: 2", "Erors: 2", "mine/lesson.md:18:15: error: there is no measure 'Erors'\n",
            id="there is no such measure",
        ),
        pytest.param(
            "Errors: 2", "Errors: lots", "mine/lesson.md:18:23: error: Errors is a number, and 'lots' is none\n",
            id="a test is none",
        ),
        pytest.param(
            "invoke(record=2)", "invok(record=2)", "mine/lesson.md:9:28: error: there is no event 'invok'\n",
            id="there is no such event",
        ),
        pytest.param(
            "invoke(record=2)", "invoke(recrd=2)",
            "mine/lesson.md:9:28: error: the event invoke has no field 'recrd'\n",
            id="an event has no such field",
        ),
        pytest.param(
            "invoke(): 1", "invoke(): some",
            "mine/lesson.md:36:23: error: a count is a number, or compared with one\n",
            id="a count is no number",
        ),
        pytest.param(
            "invoke(): 1", "invoke(): '>= 1'",
            "mine/lesson.md:36:13: error: one answer alone asks for a number, and this states none\n",
            id="a number is asked for and not stated",
        ),
        pytest.param(
            "## See\n", "## Look\n", "mine/lesson.md:12:1: error: the section 'Look' does not belong here\n",
            id="a section has another name",
        ),
        pytest.param(
            "## Remember\n\nThat.\n", "", "mine/lesson.md: error: the section 'Remember' is missing\n",
            id="a section is missing",
        ),
        pytest.param(
            "That.\n", "That.\n\n## More\n", "mine/lesson.md:50:1: error: the section 'More' does not belong here\n",
            id="a section too many",
        ),
        pytest.param(
            "# Given up\n", "", "mine/lesson.md:2:1: error: a lesson begins with its title\n",
            id="there is no title",
        ),
        pytest.param(
            " --set MaximumRetryAttempts=0", "", "mine/lesson.md:29:1: error: this command changes one thing\n",
            id="nothing is changed",
        ),
        pytest.param(
            "--story", "--set BatchSize=1 --story", "mine/lesson.md:15:1: error: this command changes nothing yet\n",
            id="something is changed too early",
        ),
        pytest.param(
            "--set MaximumRetryAttempts=0", "--set BatchSize=1 --set BatchSize=2",
            "mine/lesson.md:29:1: error: this command changes one thing\n",
            id="two things are changed",
        ),
        pytest.param(
            "$ streamsim run scenario.yaml --story", "$ streamsim run other.yaml --story",
            "mine/lesson.md:14:1: error: one console block says what to run here\n",
            id="another scenario is run",
        ),
        pytest.param(
            "MaximumRetryAttempts=0", "MaximumRetryAttempt=0",
            "--set MaximumRetryAttempt=0: error: there is no setting 'MaximumRetryAttempt'\n",
            id="there is no such setting",
        ),
        pytest.param(
            "=0\n```\n", "=0\n", "mine/lesson.md:28:1: error: this block of code has no end\n",
            id="a block of code has no end",
        ),
        pytest.param(
            "So it is.", "| a | b |",
            "mine/lesson.md:22:1: error: a lesson has headings of two levels, paragraphs, lists with - and blocks",
            id="there is a table",
        ),
    ],
)  # fmt: skip
def test_what_is_not_so_is_told_with_its_place(before: str, after: str, error: str) -> None:
    Path("mine/lesson.md").write_text(LESSON.replace(before, after, 1))
    result = CliRunner().invoke(main, ["learn", "mine", "--yes"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(error), result.stderr


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        pytest.param(
            "discarded: 4", "discarded: 0",
            "mine/scenario.yaml: error: discarded: 0 is expected, and 4 measured\n",
            id="the scenario does not hold what it expects",
        ),
        pytest.param(
            "expect:", "compare: {BatchSize: [1, 2]}\nexpect:",
            "mine/scenario.yaml: error: a lesson plays one run, and this compares\n",
            id="the scenario makes several runs",
        ),
        pytest.param(
            "BatchSize: 4", "BatchSize: 0", "mine/scenario.yaml:5:22: error: 1 validation error detected",
            id="the scenario is wrong",
        ),
    ],
)  # fmt: skip
def test_a_scenario_that_is_not_right_is_told_likewise(before: str, after: str, error: str) -> None:
    Path("mine/scenario.yaml").write_text(SCENARIO.replace(before, after, 1))
    result = CliRunner().invoke(main, ["learn", "mine", "--yes"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(error), result.stderr
