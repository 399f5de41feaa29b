"""What a server can be told."""

from dataclasses import dataclass, field

from codeartifact_local.protocol.signature import Key


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one server; every field has the value that people expect.

    "A choice" in a field's words: AWS does not document it, and docs/fidelity.md says why it is as it is.
    """

    account: str = "000000000000"
    """The AWS account that owns every domain here, 12 digits."""
    region: str = "us-east-1"
    key: Key | None = None
    """The access key that must sign requests to the control plane; None accepts any signature."""
    public_index: str | None = None
    """Address of the public index's simple pages; None takes pip's own."""
    durable: bool = True
    """Whether an answer waits for the disk: False is faster, and loses data when the machine fails."""
    max_asset_bytes: int = 5 * 1024**3
    """Largest file that an upload may bring (AWS's quota is 5 GB)."""
    stalled_upload_seconds: float = 60.0
    """How long an upload may send nothing before it is given up. A choice: AWS documents no limit."""
    upload_seconds: float = 3600.0
    """How long a whole upload may take, however steadily it comes."""
    listing_seconds: float = 300.0
    """How long a project's list of public files is believed before the public index is asked again.

    A choice: AWS documents only that new public versions may be 30 minutes late.
    """
    domains_per_account: int = 10
    """Most domains that there can be (AWS's quota, adjustable)."""
    repositories_per_domain: int = 1000
    """Most repositories that a domain can have (AWS's quota, adjustable)."""
    assets_per_version: int = 350
    """Most files that a version can have; AWS's own pages say 100, 150 or 350, by their age."""
    visible_after_seconds: float = 0.0
    """How long an uploaded version stays off index pages and lists. A choice: AWS promises no time."""
    listed_after_seconds: float = 0.0
    """How long an ingested version stays off lists. A choice: AWS says about three minutes."""
    admin_secret: str | None = field(default=None, repr=False)
    """What opens ``/admin/``, where faults are made and the clock is moved; None leaves it closed."""
    only_this_machine: bool = True
    """Whether only this machine can reach the server; where others can, the console wants a password."""
    console_password: str | None = field(default=None, repr=False)
    """What opens the console; None opens it to this machine, and to no other."""
