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
from streamsim.rules.api.function_name import Target


def configuration(
    function: PublishedFunction, target: Target, since: int, *, listed: bool = False
) -> dict[str, Any]:
    """The configuration of what a caller named; `since` is when it was deployed, in microseconds since 1970.

    The ARN is as it was named, an alias stays one. ListFunctions leaves state and runtime version out (recorded). assumed: CodeSize is 0, for nothing was uploaded.
    """
    deployment = function.deployment
    digest = hashlib.sha256(repr(deployment).encode()).digest()
    found: dict[str, Any] = {
        "FunctionName": deployment.name,
        "FunctionArn": target.arn,
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
        "LoggingConfig": {"LogFormat": deployment.log_format, "LogGroup": deployment.log_group},
    }
    if listed:
        return found
    version = {"RuntimeVersionArn": runtime_version(deployment)[1]}
    return found | {"RuntimeVersionConfig": version, "State": "Active", "LastUpdateStatus": "Successful"}
