"""The errors that this server answers with: those of the service's model, and two that every AWS endpoint has."""

from typing import ClassVar, Literal

ResourceType = Literal["domain", "repository", "package", "package-version", "asset"]
Reason = Literal[
    "CANNOT_PARSE", "ENCRYPTION_KEY_ERROR", "FIELD_VALIDATION_FAILED", "UNKNOWN_OPERATION", "OTHER"
]


class ServiceError(Exception):
    """An answer of the service that is an error; `members` are the members of its shape."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, message: str, **members: str | int) -> None:
        super().__init__(message)
        self.members: dict[str, str | int] = {"message": message, **members}


class ValidationError(ServiceError):
    """The request is not one that the service can take."""

    code = "ValidationException"
    status = 400

    def __init__(self, message: str, reason: Reason = "FIELD_VALIDATION_FAILED") -> None:
        super().__init__(message, reason=reason)


class ResourceError(ServiceError):
    """An error about one resource, which it names."""

    def __init__(self, message: str, *, kind: ResourceType, resource: str) -> None:
        super().__init__(message, resourceType=kind, resourceId=resource)


class QuotaExceededError(ResourceError):
    """A quota of the service is used up."""

    code = "ServiceQuotaExceededException"
    status = 402


class NotFoundError(ResourceError):
    """There is no such resource."""

    code = "ResourceNotFoundException"
    status = 404


class ConflictError(ResourceError):
    """The resource exists already, or is in a state that does not allow this."""

    code = "ConflictException"
    status = 409


class AccessDeniedError(ServiceError):
    """The caller may not do this."""

    code = "AccessDeniedException"
    status = 403


class ThrottlingError(ServiceError):
    """The caller asks too often; `retryAfterSeconds` goes into the ``Retry-After`` header."""

    code = "ThrottlingException"
    status = 429


class InternalError(ServiceError):
    """Something that the caller cannot help."""

    code = "InternalServerException"
    status = 500


class UnsignedError(ServiceError):
    """The request carries no AWS signature; not in the service's model, but AWS's front door says it so."""

    code = "MissingAuthenticationTokenException"
    status = 403


class IncompleteSignatureError(ServiceError):
    """Parts of the AWS signature are missing; AWS's front door says it so, too."""

    code = "IncompleteSignatureException"
    status = 400


class UnrecognizedClientError(ServiceError):
    """The access key is not known; as above."""

    code = "UnrecognizedClientException"
    status = 403


class InvalidSignatureError(ServiceError):
    """The AWS signature is not that of this request; as above."""

    code = "InvalidSignatureException"
    status = 403


class NoSuchOperationError(ServiceError):
    """No operation has this method and path; not in the service's model, as above."""

    code = "UnknownOperationException"
    status = 404


class InjectedError(InternalError):
    """An internal error with a status that a test asked for."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status  # type: ignore[misc]  # of this one error
