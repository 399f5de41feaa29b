"""Release the packages of one repository to AWS CodeArtifact, lock them by hash, install them from there alone."""
