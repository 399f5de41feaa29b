"""The service's own model, out of botocore: the one source of operations, shapes and constraints."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel


@cache
def service_model() -> "ServiceModel":
    """Return botocore's model of CodeArtifact; loaded without a session, which would read AWS files."""
    # Importing botocore takes longer than all the rest of starting up; the server listens before that.
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("codeartifact", "service-2"), "codeartifact")


@cache
def operations_by_route() -> "Mapping[tuple[str, str], OperationModel]":
    """Return every operation by its HTTP method and path; no path of this service has a variable part."""
    model = service_model()
    operations = (model.operation_model(name) for name in model.operation_names)
    return {(operation.http["method"], operation.http["requestUri"]): operation for operation in operations}


def operation_names() -> frozenset[str]:
    """Return the names of all operations."""
    return frozenset(service_model().operation_names)
