#!/bin/sh
# After the runner: this machine is for it alone. What it had to say it has said, unless it failed.
set -u
if [ "${SERVICE_RESULT:-}" != success ]; then
  timeout --kill-after=5 60 sh /run/remote/boot.sh failed "the runner ended: ${SERVICE_RESULT:-} ${EXIT_CODE:-} ${EXIT_STATUS:-}"
fi
systemctl poweroff --no-block
