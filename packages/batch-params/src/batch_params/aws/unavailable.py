"""Why AWS did not give what was asked for, and who can act on it."""

from batch_params.exit_codes import EX_CONFIG, EX_NOPERM, EX_TEMPFAIL

_THROTTLED = frozenset(
    {
        *(
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
        ),
        *(
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "ProvisionedThroughputExceededException",
            "SlowDown",
        ),
    }
)
_NOT_ALLOWED = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "AllAccessDisabled", "403", "DecryptionFailure"),
        *(
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidToken",
        ),
        *("SignatureDoesNotMatch", "UnrecognizedClientException", "KMSAccessDeniedException"),
    }
)
_ABSENT = frozenset(
    {
        *("NoSuchKey", "NoSuchBucket", "404", "NotFound", "ResourceNotFoundException"),
        *("ParameterNotFound", "ParameterVersionNotFound"),
    }
)


_PATIENT, _BRIEF, _ONCE = 20, 4, 1
"""Attempts. 5,000 jobs that start at once nearly all get through 40 requests a second, SSM's default, with 20 each."""


class UnavailableError(Exception):
    """What was asked for is not to be had: a sentence without its subject, and the exit code that fits.

    `attempts` is how often it is worth asking.
    """

    def __init__(self, message: str, exit_code: int = EX_CONFIG, *, attempts: int = _ONCE) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.attempts = attempts


def refusal(code: str, status: int, message: str) -> UnavailableError:
    """Make of AWS's error code, HTTP status and message what a person can act on."""
    if code in _THROTTLED or status == 429:
        return UnavailableError(
            f"AWS is too busy ({code}), after all retries", EX_TEMPFAIL, attempts=_PATIENT
        )
    if status >= 500:
        return UnavailableError(
            f"AWS cannot answer now ({code}), after all retries", EX_TEMPFAIL, attempts=_BRIEF
        )
    if code in _ABSENT:
        return UnavailableError(f"does not exist ({code})")
    if code in _NOT_ALLOWED or status in (401, 403):
        return UnavailableError(f"the job's role may not read it ({code}: {message})", EX_NOPERM)
    return UnavailableError(f"AWS refuses the request ({code})")


def unavailable(error: Exception) -> UnavailableError:
    """Make the same of an exception that boto3 raised; what is none of botocore's passes through."""
    if isinstance(error, UnavailableError):
        return error
    from botocore import exceptions as aws  # here, because it takes longer than the whole rest

    match error:
        case aws.ClientError():
            said, status = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
            return refusal(said.get("Code", ""), status.get("HTTPStatusCode", 0), said.get("Message", ""))
        case aws.NoRegionError():
            return UnavailableError("no region is known; set AWS_DEFAULT_REGION")
        case aws.NoCredentialsError() | aws.PartialCredentialsError() | aws.TokenRetrievalError():
            return UnavailableError(f"no credentials are found ({type(error).__name__})", EX_NOPERM)
        case aws.ParamValidationError() | aws.ProfileNotFound() | aws.InvalidConfigError():
            return UnavailableError(f"cannot be asked for ({type(error).__name__})")
        case aws.BotoCoreError():
            reason = f"AWS cannot be reached ({type(error).__name__})"
            return UnavailableError(reason, EX_TEMPFAIL, attempts=_BRIEF)
        case _:
            raise error
