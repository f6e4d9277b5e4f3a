#!/bin/sh
# bake.sh, on a machine that is to become an image: brings what every session would wait for, forgets whose machine it was, says that it is
# done on the console (nobody else would hear it), and powers off. The image is made of its disk then.
# Each step is in the boot's log, which is shown on the console when one fails.
set -eux
here=$(dirname "$(readlink -f "$0")")

"$here/toolchain.sh" || { echo "remote: the toolchain could not be installed" >/dev/console; exit 1; }
# A session installs an agent that is missing here.
HOME=/root "$here/../bin/node" "$here/../runner.js" install-agents /var/lib/remote/data || echo 'not all agents are in this image'
[ ! -d /var/lib/remote/data ] || chmod -R a+rX /var/lib/remote/data
apt-get -qq clean
rm -rf /var/lib/apt/lists/*

# Another machine gets an identity of its own, and runs its user data.
if command -v cloud-init >/dev/null; then cloud-init clean --logs; fi
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys
rm -rf /var/lib/remote/sessions /root/.bash_history /root/.npm
# What somebody else removes meanwhile is as good; the log of this boot goes last.
find /var/log -ignore_readdir_race -type f ! -name remote-boot.log -delete
# Where it was never written it is a mount, over an empty file.
mountpoint -q /etc/machine-id || : >/etc/machine-id
packages=$(dpkg-query -W -f '${Package} ${Version}\n' git build-essential python3 python3-venv podman | sha256sum | cut -c 1-16)
sync
echo "remote: baked $(basename "$(readlink -f "$here/..")") $packages" >/dev/console
