"""From an operation's output to an HTTP response, by the members of its output shape."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from codeartifact_local.content import Content
from codeartifact_local.protocol.errors import ServiceError
from codeartifact_local.protocol.model import service_model

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

_JSON = "application/json"


def answer(operation: "OperationModel", output: Mapping[str, Any]) -> Response:
    """Return the response that carries `output`.

    Raises:
        TypeError: `output` has a member that the model does not know (a bug of the operation).
    """
    shape = operation.output_shape
    if shape is None:
        return Response(b"{}", media_type=_JSON, headers=_request_id())
    headers, document = _split(shape, output)
    payload = shape.serialization.get("payload")
    if payload is None:
        return Response(json.dumps(document), media_type=_JSON, headers=headers | _request_id())
    content: Content = output[payload]
    if content.size is not None:
        headers["Content-Length"] = str(content.size)
    return StreamingResponse(
        content.chunks, media_type="application/octet-stream", headers=headers | _request_id()
    )


def error_answer(error: ServiceError) -> Response:
    """Return the response that makes botocore raise the class and members of `error`."""
    shape = service_model().shape_for(error.code) if error.code in service_model().shape_names else None
    headers, document = _split(shape, error.members) if shape else ({}, dict(error.members))
    headers["x-amzn-ErrorType"] = error.code
    body = json.dumps({"__type": error.code, **document})
    return Response(body, error.status, headers | _request_id(), media_type=_JSON)


def _request_id() -> dict[str, str]:
    return {"x-amzn-RequestId": str(uuid.uuid4())}


def _split(shape: "Shape", output: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    if unknown := output.keys() - shape.members.keys():
        raise TypeError(f"{shape.name} has no member {', '.join(sorted(unknown))}")
    headers, document = {}, {}
    for name, member in shape.members.items():
        value = output.get(name)
        if value is None or shape.serialization.get("payload") == name:
            continue
        if member.serialization.get("location") == "header":
            headers[member.serialization.get("name", name)] = str(value)
        else:
            document[member.serialization.get("name", name)] = _plain(member, value)
    return headers, document


def _plain(shape: "Shape", value: Any) -> Any:
    if shape.type_name == "structure":
        return _split(shape, value)[1]
    if shape.type_name == "list":
        return [_plain(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: _plain(shape.value, item) for key, item in value.items()}
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    return value
