#!/bin/sh
# After the runner: this machine is for it alone. What it had to say it has said, unless it failed.
set -u
if [ "${SERVICE_RESULT:-}" != success ]; then
  how="${SERVICE_RESULT:-} ${EXIT_CODE:-} ${EXIT_STATUS:-}"
  # What it had begun is all there still: another one brings that away, as from a machine that is taken back.
  begun=/var/lib/remote/sessions/$REMOTE_SESSION/log/$REMOTE_ATTEMPT
  if ! [ -d "$begun" ] || ! timeout --kill-after=5 40 /opt/remote/current/boot/runner.sh --leave "$how"; then
    timeout --kill-after=5 60 sh /run/remote/boot.sh failed "the runner ended: $how"
  fi
fi
systemctl poweroff --no-block
