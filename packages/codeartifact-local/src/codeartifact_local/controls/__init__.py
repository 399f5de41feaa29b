"""Which origins versions may enter a repository from: package groups, and the origin controls of packages."""
