#!/bin/bash
# stop-engine.sh DIR : stops the engine that start-engine.sh started there, by its own pid, and removes DIR.
set -euo pipefail
dir=$(realpath -m "$1")
pid=$(cat "$dir/docker.pid")
# A zombie has ended: in a container whose first process reaps nobody, it would answer kill -0 for ever.
running() { [ -d "/proc/$pid" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null; }
kill -TERM "$pid"
for _ in $(seq 600); do
  running || break
  sleep 0.1
done
if running; then
  echo "stop-engine.sh: process $pid did not stop within 60 s; $dir is left as it is" >&2
  exit 1
fi
umount "$dir/exec/netns/default" 2>/dev/null || true
rm -rf "$dir"
