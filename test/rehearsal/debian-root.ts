import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const SUITE = 'bookworm'

/** What Debian's own image for EC2 brings, plus git as a baked image has it; and nftables, as Ubuntu's has them, in the place of Debian's iptables. */
const PACKAGES = [
  'ca-certificates',
  'curl',
  'e2fsprogs',
  'git',
  'iproute2',
  'libnss-myhostname',
  'nftables',
  'openssh-server',
  'procps',
  'systemd-sysv',
  'xfsprogs',
]

/** What a container has no use for: devices, clocks and consoles are the host's. */
const FINISH = `
systemctl mask --quiet systemd-timesyncd.service getty.target console-getty.service getty@.service \\
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service \\
  systemd-remount-fs.service dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount
rm -f /etc/machine-id /etc/resolv.conf /etc/hostname
: >/etc/machine-id
: >/etc/resolv.conf
rm -rf /var/cache/apt/archives/*.deb /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/*
`

const MAKE_DEADLINE_MS = 10 * 60_000

const MAKE = `
set -eu
[ -e "$1" ] && exit 0
part=$(mktemp -d "$1.XXXXXX")
trap 'rm -rf "$part"' EXIT
debootstrap --variant=minbase --include="$2" ${SUITE} "$part" >&2
printf '%s' "$3" | chroot "$part" /bin/sh -eu >&2
chmod 755 "$part"
mv -T "$part" "$1"
`

/** Its modules for EC2 alone; a DHCP client would look for a server first. */
const CLOUD_INIT = `
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq -y install --no-install-recommends cloud-init >/dev/null
rm -f /usr/sbin/dhclient /sbin/dhclient
printf 'datasource_list: [ Ec2 ]\\nnetwork: {config: disabled}\\n' >/etc/cloud/cloud.cfg.d/99-rehearsal.cfg
: >/etc/resolv.conf
rm -rf /var/cache/apt/* /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/*
`

const MAKE_LAYER = `
set -eu
[ -e "$1" ] && exit 0
part=$(mktemp -d "$1.XXXXXX")
trap 'rm -rf "$part"' EXIT
mkdir "$part/layer" "$part/work" "$part/root"
chmod 755 "$part/layer"
unshare --mount sh -euc '
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$0/layer,workdir=$0/work" "$0/root"
  mount -t proc proc "$0/root/proc"
  cat /etc/resolv.conf >"$0/root/etc/resolv.conf"
  printf "%s" "$2" | chroot "$0/root" /bin/sh -eu >&2' "$part" "$2" "$3"
mv -T "$part/layer" "$1"
`

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

const cacheDir = (): string => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'remote-rehearsal')

const run = (script: string, dir: string, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    // One maker at a time: the others wait for it and find the work done.
    const child = spawn('flock', [`${dir}.lock`, 'sh', '-c', script, 'make', dir, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: MAKE_DEADLINE_MS,
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${dir} could not be made (${code}): ${said}`))
    })
  })

/** A directory in the user's cache, made once per recipe and never written to again. */
const madeOnce = async (name: string, script: string, args: readonly string[]): Promise<string> => {
  const key = createHash('sha256')
    .update(JSON.stringify([script, args]))
    .digest('hex')
    .slice(0, 16)
  const dir = join(cacheDir(), `${name}-${key}`)
  if (await exists(dir)) return dir
  await mkdir(cacheDir(), { recursive: true })
  await run(script, dir, args)
  return dir
}

/** A Debian root: machines lay their own files over it. */
export const debianRoot = (): Promise<string> => madeOnce(`debian-${SUITE}`, MAKE, [PACKAGES.join(','), FINISH])

/** The real cloud-init, to be laid over that root. */
export const cloudInitLayer = async (): Promise<string> => madeOnce('cloud-init', MAKE_LAYER, [await debianRoot(), CLOUD_INIT])

/** What the toolchain brings for containers, and a program for one. */
const CONTAINERS = `
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq -y install --no-install-recommends podman podman-docker uidmap slirp4netns fuse-overlayfs busybox-static >/dev/null
: >/etc/resolv.conf
rm -rf /var/cache/apt/* /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/*
`

/** Debian's own image for EC2 has the other one: salsa.debian.org/cloud-team/debian-cloud-images, config_space/bookworm/package_config/SYSTEM_BOOT */
const IPTABLES = `
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq -y install --no-install-recommends iptables >/dev/null
apt-get -qq -y purge nftables >/dev/null
: >/etc/resolv.conf
rm -rf /var/cache/apt/* /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/*
`

/** To be laid over that root, which then has no `nft`. */
export const iptablesLayer = async (): Promise<string> => madeOnce('iptables', MAKE_LAYER, [await debianRoot(), IPTABLES])

export const containersLayer = async (): Promise<string> => madeOnce('containers', MAKE_LAYER, [await debianRoot(), CONTAINERS])
