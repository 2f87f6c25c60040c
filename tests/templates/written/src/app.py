"""What the templates beside this folder deploy."""


def lambda_handler(*_: object) -> dict[str, object]:
    return {"statusCode": 200, "body": "hello"}
