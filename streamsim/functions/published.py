"""A function as callers of the Lambda API know it: its deployment, and what is configured around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streamsim.engine.concurrency import KEEP_WARM
from streamsim.functions.runtime import PYTHON, Deployment
from streamsim.model.asynchronous import EventInvokeConfig


@dataclass(frozen=True, slots=True)
class PublishedFunction:
    """One function.

    `language` is the API's Runtime, such as `python3.12`. `reserved` are its ReservedConcurrentExecutions. `qualifiers`
    are versions, each with itself, and aliases with their version; they all run the code of `deployment`. `keep_warm` is
    how long an environment waits for a call, in microseconds. Three are ARNs: where asynchronous events end. `inline` is code that was written into a template, and belongs into a
    file `index` in the deployment's folder; that folder is a .zip file where the code has not been unpacked yet.
    """

    deployment: Deployment
    language: str = PYTHON.replace(":", "")
    description: str = ""
    role: str | None = None
    reserved: int | None = None
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    retries: EventInvokeConfig = field(default_factory=EventInvokeConfig)
    on_success: str | None = None
    on_failure: str | None = None
    dead_letter: str | None = None
    inline: str | None = None
    keep_warm: int = KEEP_WARM

    @property
    def name(self) -> str:
        """Its name in the account."""
        return self.deployment.name

    @property
    def role_arn(self) -> str:
        """The execution role; one named after the function where none is known."""
        return self.role or self.deployment.account.role(f"{self.name}-role")
