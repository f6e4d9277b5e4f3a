#!/bin/sh
# Looks every minute whether this machine still has a reason to be, whatever the runner thinks, and powers it off when not.
set -u
. /run/remote/machine.env
GRACE_SECONDS=300
BOOT_SECONDS=600
RUNNER_GONE_SECONDS=${REMOTE_RUNNER_GONE_SECONDS:-300}

now=$(cut -d. -f1 /proc/uptime)
booted=$(cat /run/remote/booted-at)
if systemctl is-active --quiet remote-runner.service; then
  echo "$now" >/run/remote/runner-seen
fi
why=
gone=$((now - $(cat /run/remote/runner-seen)))
[ "$gone" -lt "$RUNNER_GONE_SECONDS" ] || why="there was no runner for $gone s"
if [ -n "$REMOTE_TTL_SECONDS" ] && [ $((now - booted)) -ge $((BOOT_SECONDS + REMOTE_TTL_SECONDS + GRACE_SECONDS)) ]; then
  why="its time ($REMOTE_TTL_SECONDS s) is long over"
fi
[ -z "$why" ] && exit 0

# What ships the reason must not keep the machine alive.
timeout --kill-after=5 60 sh /run/remote/boot.sh failed "the dead man's timer ended this machine: $why"
systemctl poweroff --force
