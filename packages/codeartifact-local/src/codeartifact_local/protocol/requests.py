"""From an HTTP request to the input of an operation, by the members of its input shape."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from codeartifact_local.protocol.errors import ValidationError

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape


def parse_input(
    operation: "OperationModel", *, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> dict[str, Any]:
    """Return the input members that the request carries, each under its name in the model.

    Raises:
        ValidationError: the body is not a JSON object, or a number or boolean is not one.
    """
    if operation.input_shape is None:
        return {}
    document = _document(body) if _has_body_members(operation) else {}
    places = {"querystring": query, "header": headers}
    found = {}
    for name, shape in operation.input_shape.members.items():
        location = shape.serialization.get("location")
        wire_name = shape.serialization.get("name", name)
        value = places.get(location, document).get(wire_name)
        if value is not None:
            found[name] = _scalar(shape, name, value) if location else value
    return found


def _has_body_members(operation: "OperationModel") -> bool:
    shape = operation.input_shape
    is_raw = "payload" in shape.serialization
    return not is_raw and any("location" not in member.serialization for member in shape.members.values())


def _document(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        document = json.loads(body)
    except ValueError as error:
        raise ValidationError("The request body is not valid JSON.", "CANNOT_PARSE") from error
    if not isinstance(document, dict):
        raise ValidationError("The request body is not a JSON object.", "CANNOT_PARSE")
    return document


def _scalar(shape: "Shape", name: str, text: str) -> str | int | bool:
    if shape.type_name in ("integer", "long"):
        try:
            return int(text)
        except ValueError as error:
            raise ValidationError(
                f"'{name}' must be a whole number, not '{text}'.", "CANNOT_PARSE"
            ) from error
    if shape.type_name == "boolean":
        if text not in ("true", "false"):
            raise ValidationError(f"'{name}' must be true or false, not '{text}'.", "CANNOT_PARSE")
        return text == "true"
    return text
