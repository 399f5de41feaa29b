"""The words in which AWS Batch and ECS say why a job failed, or why it waits; each with what it means.

The tests have every text as it was told to somebody, with where. `source` is where its meaning is from.
"""

from __future__ import annotations

from dataclasses import dataclass

_GUIDE = "AWS Batch user guide"
_ECS = "Amazon ECS developer guide, Stopped task error messages"


@dataclass(frozen=True)
class Rule:
    """`pattern` is looked for in what is said, in any case of letters. `next` names commands, such as {retry}."""

    pattern: str
    sentence: str
    next: str
    source: str
    by_queue: bool = False
    """Whether the queue ends jobs so, which the service tells as if somebody had done it."""


FAILURES = (
    Rule(
        r"Container Overrides length must be at most",
        "its environment and command are more than the 8,192 characters that ECS takes: Batch accepted the submission, "
        "and failed the job before it started",
        "submit it again with {submit}, which counts before it sends, and puts large parameters on S3",
        "ASFHyP3/hyp3 issue 3041",
    ),
    Rule(
        r"Host EC2 (\(instance [^)]*\) )?(terminated|stopped)",
        "the EC2 instance under it went away: a Spot instance that was taken back, or a host that failed or was "
        "removed",
        '{retry}; `retry = ["spot"]` in the app\'s table has Batch do it',
        _ECS,
    ),
    Rule(
        r"Your Spot Task was interrupted",
        "Fargate took its Spot place back",
        '{retry}; `retry = ["spot"]` in the app\'s table has Batch do it',
        "nextflow-io/nextflow issue 5786",
    ),
    Rule(
        r"CannotPull.*there is no environment",
        "the app's environment is not on this machine",
        "carrack install, then: {retry}",
        "carrack",
    ),
    Rule(
        r"CannotPull.*no space left on device",
        "its image does not fit on the disk of the host",
        "give the compute environment's launch template a larger volume, then: {retry}",
        "nextflow-io/nextflow issue 5099",
    ),
    Rule(
        r"CannotPull.*((manifest|image).*not found|manifest unknown|does not exist)",
        "its image is not in the registry any more",
        "{push}, {define}, and submit it again",
        "spotify/luigi pull request 2808",
    ),
    Rule(
        r"CannotPull.*(access denied|accessdenied|no basic auth|not authorized|\b403\b|unauthorized)",
        "the registry did not let the host or the execution role pull its image",
        "give that role ecr:GetAuthorizationToken and ecr:BatchGetImage, then: {retry}",
        _ECS,
    ),
    Rule(
        r"CannotPull",
        "its image could not be pulled",
        '{retry}; `retry = ["pull"]` in the app\'s table has Batch do it; if it stays, look at the '
        "subnet's way to the registry",
        _ECS,
    ),
    Rule(
        r"ResourceInitializationError",
        "its secrets or its login for the registry could not be had before it started",
        "look whether the execution role may read them, and whether the subnet reaches those services; then: "
        "{retry}",
        _ECS,
    ),
    Rule(
        r"OutOfMemoryError",
        "it used more memory than it asked for, and was killed",
        "ask for more memory (`memory` in the app's table, then {define}), and submit it again",
        "aws/amazon-ecs-agent issue 1187",
    ),
    Rule(
        r"Job attempt duration exceeded timeout",
        "it ran for longer than its timeout allows, and was ended; Batch does not retry that",
        "{logs} shows how far it came; `timeout` in the app's table gives more time",
        f"{_GUIDE}, Job timeouts",
    ),
    Rule(
        r"Dependent Job failed",
        "a job that it waits for failed, so that it never started",
        "{explain}",
        f"{_GUIDE}, Job dependencies",
    ),
    Rule(
        r"by JobStateTimeLimit action",
        "it waited for longer than its queue allows, for the reason that stands at the end of the status",
        "{status}",
        f"{_GUIDE}, Jobs stuck in a RUNNABLE status",
        by_queue=True,
    ),
    Rule(
        r"unable to assume the role",
        "the role that was named for it cannot be assumed",
        "let ecs-tasks.amazonaws.com assume it, in its trust policy; then: {retry}",
        "nextflow-io/nextflow pull request 2146",
    ),
    Rule(
        r"CannotStartContainerError.*logging driver",
        "its container did not start, because its log stream could not be made",
        "look whether the host's role may write to the log group, and whether the subnet reaches CloudWatch Logs",
        "seqeralabs/nf-tower issue 305",
    ),
    Rule(
        r"CannotStartContainerError.*(executable file not found|no such program)",
        "its command is not a program that its image or environment has",
        "correct `command` in the app's table, then {define}, and submit it again",
        "opencontainers/runc, exec errors",
    ),
    Rule(
        r"The process that looked after this job was killed",
        "the process of this machine that looked after it was killed, or the machine restarted",
        "{retry}",
        "carrack",
    ),
)
"""Why a job failed; the first that fits is the reason."""

WAITING = (
    Rule(
        r"CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
        "AWS has no instance of the types that the queue's compute environments allow",
        "allow more instance types or zones there, or wait; it blocks the jobs behind it: {cancel}",
        f"{_GUIDE}, Jobs stuck in RUNNABLE due to capacity",
    ),
    Rule(
        r"MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
        "it asks for more vCPUs than the maxVcpus of the queue's compute environments",
        "{cancel}, then ask for less, or raise maxvCpus",
        "botocore, JobDetail.statusReason",
    ),
    Rule(
        r"MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
        "no instance type of the queue's compute environments has the vCPUs, memory or GPUs that it asks for",
        "{cancel}, then ask for less, or allow larger types; some memory of each is the agent's",
        "botocore, JobDetail.statusReason",
    ),
    Rule(
        r"MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS",
        "the compute environments' service role may not do what Batch needs",
        "mend that role: the jobs behind this one wait too",
        "botocore, JobDetail.statusReason",
    ),
)
"""Why a job in RUNNABLE waits: what Batch says of the one at the head of a queue."""
