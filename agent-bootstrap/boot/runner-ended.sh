#!/bin/sh
# After a runner: what it had to say it has said, unless it failed. The machine is for those that are on it, and goes with the last.
set -u
name=$REMOTE_SESSION-$REMOTE_ATTEMPT
if [ "${SERVICE_RESULT:-}" != success ]; then
  how="${SERVICE_RESULT:-} ${EXIT_CODE:-} ${EXIT_STATUS:-}"
  # What it had begun is all there still: another one brings that away, as from a machine that is taken back.
  begun=/var/lib/remote/sessions/$REMOTE_SESSION/log/$REMOTE_ATTEMPT
  if ! [ -d "$begun" ] || ! timeout --kill-after=5 40 /opt/remote/current/boot/runner.sh --leave "$how"; then
    timeout --kill-after=5 60 sh /run/remote/boot.sh failed "the runner ended: $how" "$REMOTE_SESSION" "$REMOTE_ATTEMPT"
  fi
fi
# Its containers are the session's as well.
systemctl stop --no-block "remote-containers@$REMOTE_AGENT_USER.socket" "remote-containers@$REMOTE_AGENT_USER.service"
exec 9>/run/remote/lock
flock 9
rm -f "/run/remote/sessions/$name.here"
# Whoever is here by ssh was so for this session, which may have left others on the machine.
usermod --lock "$REMOTE_AGENT_USER"
pkill -KILL -u "$REMOTE_AGENT_USER"
for other in /run/remote/sessions/*.here; do
  [ ! -e "$other" ] || exit 0
done
: >/run/remote/going
systemctl poweroff --no-block
