"""One function behind an API, a bucket and a schedule, as small shops have it.

A picture's first attempt fails whenever its name begins with a digit below 3; the request id tells that the second is
the same event.
"""

import json
import logging

logger = logging.getLogger()
logger.setLevel("INFO")

seen = set()


def handler(event, context):
    if "httpMethod" in event:
        order = json.loads(event["body"])
        logger.info("%s %s: order %s", event["httpMethod"], event["path"], order["id"])
        return {"statusCode": 201, "body": json.dumps({"order": order["id"]})}
    if event.get("source") == "aws.events":
        logger.info("report of %s, %d pictures", event["time"], len(seen))
        return None
    key = event["Records"][0]["s3"]["object"]["key"]
    again = context.aws_request_id in seen
    seen.add(context.aws_request_id)
    if key[0] in "012" and not again:
        raise ValueError(f"{key} is not there yet")
    logger.info("picture %s, seen before: %s", key, again)
    return {"picture": key}
