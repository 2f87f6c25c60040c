"""Makes thumbnails with a library that a picture kills, as native libraries do: no exception, the process is gone.

The list of what was made is a global: it is lost with the process, as on Lambda. The file in /tmp is not.
"""

import base64
import json
import logging
import os
import tempfile
from pathlib import Path

logger = logging.getLogger()
logger.setLevel("INFO")

made = []
journal = Path(tempfile.gettempdir()) / "journal"
journal.touch()


def decode(name):
    """Stands for the native library."""
    if name == "picture-40.jpg":
        os.abort()


def handler(event, context):
    for record in event["Records"]:
        name = json.loads(base64.b64decode(record["kinesis"]["data"]))["name"]
        decode(name)
        made.append(name)
        with journal.open("a") as lines:
            lines.write(f"{name}\n")
    in_all = len(journal.read_text().splitlines())
    logger.info("%d made since this process began, %d by this environment", len(made), in_all)
