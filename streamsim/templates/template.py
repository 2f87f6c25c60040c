"""A template as what can be served of it: functions, APIs, and notes on what cannot be known or done here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streamsim.functions.published import PublishedFunction
from streamsim.model.names import Account
from streamsim.scenario.errors import Problem, ScenarioError
from streamsim.templates.apis import ServedApi, apis
from streamsim.templates.functions import functions
from streamsim.templates.gateway import gateway_apis
from streamsim.templates.stack import Note, load_stack
from streamsim.templates.urls import function_urls


@dataclass(frozen=True, slots=True)
class Template:
    """What a template deploys, in its order."""

    functions: tuple[PublishedFunction, ...]
    apis: tuple[ServedApi, ...]
    notes: tuple[Note, ...]


def load_template(
    path: Path, parameters: Mapping[str, str] | None = None, account: Account | None = None
) -> Template:
    """What is in a SAM or CloudFormation template, in YAML or JSON; `ScenarioError` for what is wrong with it.

    `parameters` replace defaults. Two functions of one name are an error, as they are to CloudFormation.
    """
    stack = load_stack(path, parameters or {}, account or Account())
    found = functions(stack)
    names: dict[str, str] = {}
    for key, function in found.items():
        if function.name in names:
            stack.problem(
                stack.resources[key].span, f"{names[function.name]} is called {function.name!r} too"
            )
        names[function.name] = key
    served = [*apis(stack, found), *gateway_apis(stack, found), *function_urls(stack, found)]
    if stack.problems:
        raise ScenarioError(stack.problems)
    if not found:
        told = "; ".join(note.text for note in stack.notes)
        raise ScenarioError(
            [Problem(f"no function of this template can be served{f': {told}' if told else ''}", stack.span)]
        )
    notes = tuple(sorted(dict.fromkeys(stack.notes), key=lambda note: note.span.line))
    return Template(tuple(found.values()), tuple(served), notes)
