"""How the parts of a scenario file become one scenario, or why they do not fit together.

Takes what the file's own models have accepted one by one. Must not know text or lines.
"""

from collections.abc import Iterator

from streamsim.scenario.fitting.account import concurrency_complaints, quota_complaints, traffic_complaints
from streamsim.scenario.fitting.courses import Courses, courses_of, stateless
from streamsim.scenario.fitting.feeds import feed_complaints
from streamsim.scenario.fitting.named import Parts, twice_given
from streamsim.scenario.fitting.readers import refused_by_type, shared_consumers, twins
from streamsim.scenario.fitting.targets import faults_of
from streamsim.scenario.models import Scenario
from streamsim.scenario.parts.fields import Complaint
from streamsim.scenario.parts.file import ScenarioFile


def assemble(file: ScenarioFile) -> tuple[Scenario | None, list[Complaint]]:
    """The scenario, and what does not fit together in its file; no scenario if anything does not."""
    complaints = list(twice_given(file))
    if complaints:
        return None, complaints
    parts = Parts(file)
    courses = courses_of(parts)
    parts.complaints += stateless(parts, courses)
    faults = faults_of(parts, courses)
    complaints = [*parts.complaints, *_misfits(parts, courses)]
    if complaints:
        return None, complaints
    return (
        Scenario(
            file.scenario,
            file.seed,
            file.duration,
            file.epoch,
            parts.streams,
            parts.mappings,
            parts.functions,
            file.account,
            faults,
            courses.plans,
            courses.changes,
            traffic=parts.traffic,
        ),
        [],
    )


def _misfits(parts: Parts, courses: Courses) -> Iterator[Complaint]:
    """What does not fit together though every reference means something."""
    file, functions = parts.file, parts.functions
    for name, stream in parts.streams.items():
        yield from feed_complaints(stream, courses.whole_plan(name), parts.producer_path(name), file)
    yield from refused_by_type(parts)
    if not parts.complaints:  # a reference that means nothing was answered with another part's name
        yield from twins(parts)
        yield from shared_consumers(parts)
    yield from concurrency_complaints(file.account.ConcurrentExecutions, functions, parts.path)
    yield from traffic_complaints(file, parts.traffic, functions, parts.path)
    yield from quota_complaints(file.account.limits, functions, parts.path)
