#!/bin/bash
# start-engine.sh DIR : starts a private Docker engine (Debian's docker.io) whose socket is DIR/docker.sock, and
# prints the two variables to export. Needs root. Stop it with stop-engine.sh DIR.
# Nothing is left running when it fails.
# Debian's own client (/usr/bin/docker) has BuildKit built in; a newer static client without the buildx plugin cannot build.
set -euo pipefail
dir=$(realpath -m "$1")
[ -x /usr/sbin/dockerd ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq docker.io >/dev/null; }
mkdir -p "$dir/data" "$dir/exec"
setsid /usr/sbin/dockerd --host "unix://$dir/docker.sock" --data-root "$dir/data" --exec-root "$dir/exec" \
  --pidfile "$dir/docker.pid" --storage-driver overlay2 --iptables=false --ip6tables=false --bridge=none \
  --ip-forward=false --ip-masq=false >"$dir/dockerd.log" 2>&1 </dev/null &
for _ in $(seq 100); do
  /usr/bin/docker -H "unix://$dir/docker.sock" version >/dev/null 2>&1 && {
    echo "export DOCKER_HOST=unix://$dir/docker.sock DOCKER_BUILDKIT=1"
    exit 0
  }
  kill -0 "$!" 2>/dev/null || break
  sleep 0.1
done
tail -20 "$dir/dockerd.log" >&2
kill -TERM "$!" 2>/dev/null || true
exit 1
