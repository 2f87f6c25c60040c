"""What `streamsim serve` serves: the functions of a template or a scenario, and what runs each."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click

from streamsim.cli.files.scenario import scenario_file
from streamsim.endpoint.launchers import launcher, versioned
from streamsim.functions.package import UnreadablePackageError, unpack
from streamsim.functions.published import PublishedFunction
from streamsim.functions.runtime import Deployment, Launcher, Runtime
from streamsim.model.names import Account
from streamsim.rules.limits import CONCURRENT_EXECUTIONS
from streamsim.scenario.text.document import compose
from streamsim.scenario.text.errors import Problem, ScenarioError, Source, Span
from streamsim.scenario.text.reading import MAXIMUM_SCENARIO_SIZE, read
from streamsim.templates.apis import ServedApi
from streamsim.templates.intrinsics import TAGS
from streamsim.templates.template import load_template

#: What is looked for when no file is named.
_DEFAULTS: Final = ("template.yaml", "template.yml", "template.json")


@dataclass(frozen=True, slots=True)
class Served:
    """Functions with their code in place, what makes their environments, APIs, notes for people, the account's limit."""

    functions: tuple[PublishedFunction, ...]
    launcher: Launcher
    apis: tuple[ServedApi, ...] = ()
    notes: tuple[str, ...] = ()
    concurrency: int = CONCURRENT_EXECUTIONS


def served(
    path: Path | None,
    parameters: Mapping[str, str],
    account: Account,
    runtime: str | None,
    folders: ExitStack,
) -> Served:
    """What a file serves; `ScenarioError` for what is wrong with it. Inline code gets folders, which `folders` removes.

    `runtime` instead of the scenario's own; handlers of templates run in processes without it.
    """
    path = _default() if path is None else scenario_file(path)
    text = read(path, str(path), MAXIMUM_SCENARIO_SIZE)
    if compose(text, Source.of(str(path), text), TAGS).child("scenario") is None:
        template = load_template(path, parameters, account)
        kind = runtime or "process"
        if kind == "in-process":
            _refuse_other_languages(path, template.functions)
        try:
            coded = [_with_code(function, folders) for function in template.functions]
        except UnreadablePackageError as error:
            raise ScenarioError([Problem(str(error), Span(Source(str(path))))]) from None
        functions = tuple(replace(one, deployment=versioned(kind, one.deployment)) for one in coded)
        return Served(functions, launcher(kind), template.apis, tuple(map(str, template.notes)))
    if parameters:
        raise click.UsageError("--parameter is for templates; a scenario has none")
    return _of_scenario(path, runtime, account)


def _of_scenario(path: Path, runtime: str | None, account: Account) -> Served:
    from streamsim.scenario.load import load  # noqa: PLC0415
    from streamsim.scenario.world.deployments import deployment_of  # noqa: PLC0415 - the engine only for scenarios

    scenario = load(path)
    functions, notes, kinds = [], [], {}
    for name, described in scenario.functions.items():
        if described.handler is None:
            notes.append(f"{path}: note: function {name} is not served: it has a model and no handler")
            continue
        kind = kinds[name] = runtime or described.runtime
        config, dead = described.EventInvokeConfig, described.DeadLetterConfig
        deployment = versioned(kind, replace(deployment_of(scenario, name), account=account))
        published = PublishedFunction(
            deployment,
            _language(deployment),
            reserved=described.ReservedConcurrentExecutions,
            dead_letter=dead.TargetArn if dead else None,
            keep_warm=described.model.keep_warm,
        )
        if config is not None:
            published = replace(
                published,
                retries=config.to_config(),
                on_success=config.on_success,
                on_failure=config.on_failure,
            )
        functions.append(published)
    if not functions:
        message = "no function of this scenario has a handler, so there is nothing to serve"
        raise ScenarioError(
            [Problem(message, Span(Source(str(path))), "write `function: {handler: app:handler}`")]
        )

    def launch(deployment: Deployment, log_stream: str) -> Runtime:
        return launcher(kinds[deployment.name])(deployment, log_stream)

    limit = scenario.account.ConcurrentExecutions
    return Served(tuple(functions), launch, notes=tuple(notes), concurrency=limit)


def _language(deployment: Deployment) -> str:
    """The API's Runtime for what runs a function: `nodejs20.x` for `nodejs:20`."""
    name, _, version = deployment.runtime_version.partition(":")
    return {"nodejs": f"nodejs{version}.x", "provided": f"provided.{version}"}.get(name, f"{name}{version}")


def _refuse_other_languages(path: Path, functions: Sequence[PublishedFunction]) -> None:
    for function in functions:
        if not function.language.startswith("python"):
            message = f"{function.name} is for {function.language}, which does not run in this Python"
            raise ScenarioError([Problem(message, Span(Source(str(path))), "leave out --runtime in-process")])


def _default() -> Path:
    for name in _DEFAULTS:
        if Path(name).is_file():
            return Path(name)
    raise click.UsageError(
        f"name a template or a scenario; there is no {' or '.join(_DEFAULTS)} in this folder"
    )


def _with_code(function: PublishedFunction, folders: ExitStack) -> PublishedFunction:
    """The function with its inline or packed code in a folder of its own."""
    packed = function.deployment.path
    if function.inline is None and packed.is_dir():
        return function
    folder = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="streamsim-")))
    if function.inline is None:
        unpack(packed, folder)
    else:
        suffix = ".js" if function.language.startswith("nodejs") else ".py"
        (folder / f"index{suffix}").write_text(function.inline, encoding="utf-8")
    return replace(function, deployment=replace(function.deployment, path=folder))
