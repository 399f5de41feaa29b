"""What stands for AWS Batch on this machine: a folder of jobs, and one process for each that looks after it."""
