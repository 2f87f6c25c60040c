"""What the Lambda API tells of a function: FunctionConfiguration, field for field.

Fields as recorded (LocalStack's AWS-validated snapshots of GetFunction). What a function that was never uploaded has
none of, its hash for one, is derived from its configuration.
"""

import base64
import hashlib
from typing import Any
from uuid import UUID

from streamsim.functions.logs import runtime_version
from streamsim.functions.published import PublishedFunction
from streamsim.model.names import timestamp
from streamsim.model.units import SECOND
from streamsim.rules.function_name import LATEST, Target


def configuration(
    function: PublishedFunction, target: Target, since: int, *, with_state: bool = True
) -> dict[str, Any]:
    """The configuration of what a caller named; `since` is when it was deployed, in microseconds since 1970.

    ListFunctions leaves the state out (API reference, ListFunctions). assumed: CodeSize is 0, for nothing was uploaded.
    """
    deployment = function.deployment
    digest = hashlib.sha256(repr(deployment).encode()).digest()
    arn = target.arn if target.version == LATEST else f"{deployment.arn}:{target.version}"
    found: dict[str, Any] = {
        "FunctionName": deployment.name,
        "FunctionArn": arn if target.version != LATEST or target.arn.endswith(LATEST) else deployment.arn,
        "Runtime": function.language,
        "Role": function.role_arn,
        "Handler": deployment.handler,
        "CodeSize": 0,
        "Description": function.description,
        "Timeout": deployment.timeout // SECOND,
        "MemorySize": deployment.memory_size,
        "LastModified": timestamp(since).replace("Z", "+0000"),
        "CodeSha256": base64.b64encode(digest).decode("ascii"),
        "Version": target.version,
    }
    if function.dead_letter is not None:
        found["DeadLetterConfig"] = {"TargetArn": function.dead_letter}
    if deployment.environment:
        found["Environment"] = {"Variables": dict(deployment.environment)}
    found |= {
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": str(UUID(bytes=digest[:16], version=4)),
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": deployment.tmp_size},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "RuntimeVersionConfig": {"RuntimeVersionArn": runtime_version(deployment)[1]},
        "LoggingConfig": {"LogFormat": deployment.log_format, "LogGroup": deployment.log_group},
    }
    return found | {"State": "Active", "LastUpdateStatus": "Successful"} if with_state else found
