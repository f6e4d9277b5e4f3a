#!/bin/sh
# pushed-keys.sh USER: public keys that EC2 Instance Connect pushed to this machine for that user, while they hold (60 s).
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-methods.html
set -u
case ${1:-} in
agent | agent-*) user=$1 ;;
*) exit 0 ;;
esac
METADATA=http://169.254.169.254/latest

keys() {
  curl -fsS --max-time 2 -H "X-aws-ec2-metadata-token: $token" "$METADATA/meta-data/managed-ssh-keys/active-keys/$user/" |
    awk -v now="$(date +%s)" '
      /^#Timestamp=/ { until = substr($0, 12) + 0 }
      /^ssh-ed25519 / { if (until > now) print $1, $2; until = 0 }'
}

token=$(curl -fsS --max-time 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$METADATA/api/token") || exit 0
# A key that has just been pushed may take a moment to arrive.
for _ in 1 2 3 4 5 6; do
  found=$(keys 2>/dev/null)
  if [ -n "$found" ]; then
    printf '%s\n' "$found"
    exit 0
  fi
  sleep 0.5
done
