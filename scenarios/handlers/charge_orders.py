"""Charges orders, and does not ask whether an order is paid already: what a redelivered batch does to it.

The bank stands for a service that outlives a run of the handler; on Lambda it would be somebody else's.
"""

import base64
import json
import logging

logger = logging.getLogger()
logger.setLevel("INFO")


class Bank:
    """A bank that remembers every charge, and mistrusts the second one for an order."""

    def __init__(self):
        self.charges = {}

    def charge(self, order, amount):
        self.charges.setdefault(order, []).append(amount)
        return len(self.charges[order])


bank = Bank()


def handler(event, context):
    for record in event["Records"]:
        order = json.loads(base64.b64decode(record["kinesis"]["data"]))
        times = bank.charge(order["order"], order["amount"])
        if times > 1:
            logger.warning("order %s is charged %d times", order["order"], times)
    logger.info("charged %d orders", len(event["Records"]))
