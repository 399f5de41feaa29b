"""Whether a server's certificate is trusted, told from a TLS connection that broke: clients call both an SSLError."""

from __future__ import annotations

import ssl


def is_untrusted(error: BaseException | None) -> bool:
    """Whether this came of a certificate that is not trusted, which another try does not change."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None
