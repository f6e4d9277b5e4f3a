#!/bin/sh
# Looks every minute whether this machine still has a reason to be, whatever the runners think, and powers it off when not.
set -u
GRACE_SECONDS=300
RUNNER_GONE_SECONDS=${REMOTE_RUNNER_GONE_SECONDS:-300}

now=$(cut -d. -f1 /proc/uptime)
if systemctl is-active --quiet 'remote-runner@*.service'; then
  echo "$now" >/run/remote/runner-seen
fi
why=
gone=$((now - $(cat /run/remote/runner-seen)))
[ "$gone" -lt "$RUNNER_GONE_SECONDS" ] || why="there was no runner for $gone s"

# The one with the most time left decides; one without an end has all.
last=0
for here in /run/remote/sessions/*.here; do
  [ -e "$here" ] || continue
  ends_at=$(sed -n 's/^REMOTE_ENDS_AT=//p' "${here%.here}.env")
  [ "${ends_at:-$((now + 1))}" -le "$last" ] || last=${ends_at:-$((now + 1))}
done
if [ "$last" -gt 0 ] && [ "$now" -ge $((last + GRACE_SECONDS)) ]; then
  why="its time ended $((now - last)) s ago"
fi
[ -z "$why" ] && exit 0

# What ships the reason must not keep the machine alive.
for here in /run/remote/sessions/*.here; do
  [ -e "$here" ] || continue
  (
    . "${here%.here}.env"
    timeout --kill-after=5 60 sh /run/remote/boot.sh failed "the dead man's timer ended this machine: $why" \
      "$REMOTE_SESSION" "$REMOTE_ATTEMPT"
  ) &
done
wait
systemctl poweroff --force
