"""Where parameters come from, one module each: flags, the file that one names, CONFIG_JSON, prefixed variables."""
