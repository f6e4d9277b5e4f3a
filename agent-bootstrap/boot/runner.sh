#!/bin/sh
# The runner of this machine's attempt.
exec /opt/remote/current/bin/node /opt/remote/current/runner.js \
  --session "$REMOTE_SESSION" --attempt "$REMOTE_ATTEMPT" \
  --endpoint "$REMOTE_API_URL" --socket "$REMOTE_SOCKET_URL" --region "$REMOTE_REGION" \
  --dir "/var/lib/remote/sessions/$REMOTE_SESSION" --cache /var/cache/remote --data /var/lib/remote/data --unfenced "$@"
