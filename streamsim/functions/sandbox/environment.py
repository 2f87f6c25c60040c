"""The environment variables of a runtime process: Lambda's own, and the function's.

Knows the list (Lambda Developer Guide, "Defined runtime environment variables"; recorded) and where this machine must
differ. Nothing is inherited: what is in the shell that runs streamsim is not on Lambda either.
"""

import sys
from pathlib import Path
from typing import Final

from streamsim.functions.runtime import Deployment
from streamsim.functions.sandbox.client import Client

#: Credentials that no AWS endpoint accepts, so that a handler cannot reach an account by accident.
_CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "ASIASTREAMSIMSANDBOX",
    "AWS_SECRET_ACCESS_KEY": "streamsim",
    "AWS_SESSION_TOKEN": "streamsim",
}


def variables(
    deployment: Deployment, log_stream: str, client: Client, runtime_api: str, log_fd: int, folder: Path
) -> dict[str, str]:
    """All variables of one process.

    `runtime_api` is host and port of its Runtime API, `log_fd` where it writes its framed log records, `folder` what
    is /tmp on Lambda. A function's own variables come first, as on Lambda, where the names of Lambda's are reserved,
    except those that AWS lets one set (Lambda Developer Guide: TZ, LANG, PATH, NODE_PATH and the like).

    Differs from Lambda: TMPDIR and HOME name the sandbox's folder, since /tmp is shared on this machine and a home may
    hold real credentials; PATH begins with this Python's folder; the X-Ray daemon's address is loopback.
    """
    code = str(deployment.path.absolute())
    account = deployment.account
    own = dict(deployment.environment)
    settable = {
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "TZ": ":UTC",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "LD_LIBRARY_PATH": f"{code}:{code}/lib:/opt/lib",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        **_CREDENTIALS,
    }
    reserved = {
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": deployment.name,
        "AWS_LAMBDA_FUNCTION_VERSION": deployment.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployment.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": deployment.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_LOG_FORMAT": deployment.log_format,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": account.region,
        "AWS_DEFAULT_REGION": account.region,
        "LAMBDA_TASK_ROOT": code,
        "LAMBDA_RUNTIME_DIR": str(client.folder),
        "_HANDLER": deployment.entry,
        "_LAMBDA_TELEMETRY_LOG_FD": str(log_fd),
        "PWD": code,
        "SHLVL": "0",
        "TMPDIR": str(folder),
        "HOME": str(folder),
    }
    if client.execution_environment is not None:
        reserved["AWS_EXECUTION_ENV"] = client.execution_environment
    return settable | own | reserved
