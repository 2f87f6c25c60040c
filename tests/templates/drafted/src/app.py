"""Handlers of the templates beside this folder."""


def handler(_event: object, _context: object) -> dict[str, list[str]]:
    return {"batchItemFailures": []}
