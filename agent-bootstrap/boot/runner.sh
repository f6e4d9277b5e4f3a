#!/bin/sh
# The runner of one attempt on this machine.
exec /opt/remote/current/bin/node /opt/remote/current/runner.js \
  --session "$REMOTE_SESSION" --attempt "$REMOTE_ATTEMPT" \
  --endpoint "$REMOTE_API_URL" --socket "$REMOTE_SOCKET_URL" --region "$REMOTE_REGION" \
  --dir "/var/lib/remote/sessions/$REMOTE_SESSION" --cache "$REMOTE_CACHE" --data /var/lib/remote/data --unfenced "$@"
