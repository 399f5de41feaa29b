"""moto's server: AWS services other than CodeArtifact, over HTTP, as boto3 of any process meets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import requests
from moto.core.config import default_user_config
from moto.server import ThreadedMotoServer


@contextmanager
def aws_server() -> Iterator[dict[str, str]]:
    """The environment in which boto3 speaks to a server that has nothing yet, which runs until the block ends.

    A job of its Batch ends at once, and runs nothing.
    """
    default_user_config["batch"] = {"use_docker": False}
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    requests.post(
        f"http://{host}:{port}/moto-api/reset", timeout=30
    ).raise_for_status()  # the process has one state
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }
    finally:
        server.stop()


def make_queue(environ: Mapping[str, str], name: str, region: str = "us-east-1") -> None:
    """Have a job queue of this name, and what it needs."""
    where: Any = {"endpoint_url": environ["AWS_ENDPOINT_URL"], "region_name": region}
    role = boto3.client("iam", **where).create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]
    batch: Any = boto3.client("batch", **where)
    made = batch.create_compute_environment(
        computeEnvironmentName=name, type="UNMANAGED", state="ENABLED", serviceRole=role["Arn"]
    )
    order = [{"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}]
    batch.create_job_queue(jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order)
