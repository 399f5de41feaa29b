"""AWS CodeArtifact on your own machine, for Python packages."""
