"""Finds the repository that an address names."""

from sqlite3 import Connection

from codeartifact_local.pypi.address import Address
from codeartifact_local.pypi.errors import PypiError
from codeartifact_local.store import domains, repositories
from codeartifact_local.store.records import Repository


def find_repository(db: Connection, address: Address) -> Repository:
    """Return the repository of `address`.

    Raises:
        PypiError: 404, there is none.
    """
    domain = domains.find(db, address.owner, address.domain)
    repository = repositories.find(db, domain, address.repository) if domain else None
    if repository is None:
        raise PypiError(404, f"There is no repository {address.repository} in domain {address.domain}.")
    return repository
