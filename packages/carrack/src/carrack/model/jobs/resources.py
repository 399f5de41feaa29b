"""vCPUs, memory and GPUs of a job, as AWS Batch takes them (API reference, ResourceRequirement)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

LEAST_MEMORY = 4
_FARGATE: Mapping[str, Iterable[int]] = {
    "0.25": (512, 1024, 2048),
    "0.5": range(1024, 4097, 1024),
    "1": range(2048, 8193, 1024),
    "2": range(4096, 16385, 1024),
    "4": range(8192, 30721, 1024),
    "8": range(16384, 61441, 4096),
    "16": range(32768, 122881, 8192),
    "32": (61440, 122880, 249856),
}
"""The memory in MiB that goes with each number of vCPUs on Fargate."""


def requirements(vcpus: str | None, memory: int | None, gpus: int = 0) -> list[dict[str, str]]:
    """`resourceRequirements` for what is said; `vcpus` and `memory` beside them are deprecated, and do not override."""
    said = {"VCPU": vcpus, "MEMORY": memory, "GPU": gpus or None}
    return [{"type": kind, "value": str(value)} for kind, value in said.items() if value is not None]


def merged(*groups: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The requirements by type; a later group overrides an earlier one."""
    return {one["type"]: one["value"] for group in groups for one in group}


def resource_faults(wanted: Mapping[str, str], platform: Iterable[str]) -> Iterator[str]:
    """What AWS Batch refuses in requirements by type, for a definition with these `platformCapabilities`."""
    vcpus, memory, gpus = (_number(wanted.get(kind)) for kind in ("VCPU", "MEMORY", "GPU"))
    if memory is None or memory < LEAST_MEMORY or memory % 1:
        yield f"memory: {wanted.get('MEMORY')}; AWS Batch takes whole MiB, {LEAST_MEMORY} at least"
    if "GPU" in wanted and (gpus is None or gpus < 1 or gpus % 1):
        yield f"gpus: {wanted['GPU']}; AWS Batch takes a whole number, 1 at least"
    if "FARGATE" in set(platform):
        yield from _fargate(wanted, vcpus, memory)
    elif vcpus is None or vcpus < 1 or vcpus % 1:
        yield f"vcpus: {wanted.get('VCPU')}; on EC2, AWS Batch takes a whole number, 1 at least"


def _fargate(wanted: Mapping[str, str], vcpus: Decimal | None, memory: Decimal | None) -> Iterator[str]:
    if "GPU" in wanted:
        yield "gpus: there are none on Fargate"
    fitting = next((some for number, some in _FARGATE.items() if vcpus == Decimal(number)), None)
    if fitting is None:
        yield f"vcpus: {wanted.get('VCPU')}; Fargate has {', '.join(_FARGATE)}"
    elif memory is None or int(memory) not in fitting:
        yield f"memory: {wanted.get('MEMORY')}; with {wanted['VCPU']} vCPU Fargate has {_told(fitting)} MiB"


def _told(sizes: Iterable[int]) -> str:
    if isinstance(sizes, range):
        return f"{sizes[0]} to {sizes[-1]} in steps of {sizes.step}"
    return ", ".join(map(str, sizes))


def _number(text: Any) -> Decimal | None:
    try:
        found = Decimal(str(text))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
