import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Enclosure } from './instances-enclosure.ts'

const START = fileURLToPath(new URL('./machine-start.sh', import.meta.url))
const CLOUD_INIT = readFileSync(fileURLToPath(new URL('./cloud-init.sh', import.meta.url)), 'utf8')
/** What a machine has to go down by itself after the power button was pressed. */
const POWER_BUTTON_MS = 10_000

const CLOUD_INIT_UNIT = `[Unit]
Description=Our model of cloud-init
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/rehearsal/cloud-init
TimeoutSec=0
KillMode=process
TasksMax=infinity
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
`

/** Files are laid over the root through a here-document, so that nothing of ours is written outside of the enclosure. */
const FILES = `
set -eu
umask 022
mkdir -p "$1/files/etc"
if [ -n "$2" ]; then
  mkdir -p "$1/files/usr/lib/rehearsal" "$1/files/etc/systemd/system/multi-user.target.wants"
  printf '%s' "$2" >"$1/files/usr/lib/rehearsal/cloud-init"
  chmod 755 "$1/files/usr/lib/rehearsal/cloud-init"
  printf '%s' "$3" >"$1/files/etc/systemd/system/cloud-final.service"
  ln -s ../cloud-final.service "$1/files/etc/systemd/system/multi-user.target.wants/cloud-final.service"
fi
# No mirror of Debian's is within a machine's reach: one look for packages is enough.
mkdir -p "$1/files/etc/systemd/system.conf.d"
printf '[Manager]\\nDefaultEnvironment=REMOTE_APT_SECONDS=0\\n' >"$1/files/etc/systemd/system.conf.d/rehearsal.conf"
printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n' "$4" >"$1/files/etc/hosts"
printf '%s\\n' "$4" >"$1/files/etc/hostname"
: >"$1/console"
`

/** From when its init has taken the machine over on. */
const IN_MACHINE = `
tries=0
until pid=$(head -n 1 "$0/init.scope/cgroup.procs" 2>/dev/null) && [ -n "$pid" ]; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ] && [ -d "$0" ] || { echo "the machine is not running" >&2; exit 1; }
  sleep 0.05
done
exec nsenter --target "$pid" --all -- "$@"`
const PRESS_BUTTON = 'kill -s RTMIN+4 "$(head -n 1 "$0/init.scope/cgroup.procs")"'
const CUT_POWER = 'echo 1 >"$0/cgroup.kill"'
const CLEAN = `
ip netns delete "$2" || true
while read -r _ at _; do case $at in "$1"/*) echo "$at" ;; esac; done </proc/mounts | sort -r | while read -r at; do umount -l "$at"; done
if [ -n "$4" ]; then mkdir -p "$(dirname "$4")"; mv "$1/upper" "$4"; fi
rm -rf "$1"
# Its processes are gone a little later than their first one.
tries=0
until find "$3" -depth -type d -exec rmdir {} + 2>/dev/null || [ "$tries" -eq 100 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
[ ! -e "$3" ]
`

export type MachinePlan = {
  id: string
  /** From 1 on, its own within the enclosure: its addresses follow from it. */
  number: number
  root: string
  /** Laid over the root, first one on top. */
  baked: readonly string[]
  /** Our model of cloud-init; without it the image brings its own. */
  cloudInitModel: boolean
  imds: Server
  /** TCP ports that are ours on 127.0.0.1 and are to be so for the machine. */
  ports: readonly number[]
  /** What it wrote stays when it is off: see `diskOf`. */
  keepsDisk?: boolean
  onOff: (console: string) => void
}

export type Machine = {
  id: string
  address: string
  hostname: string
  /** Its `/dev`, as the enclosure sees it. */
  devices: string
  /** Runs a program in the running machine and answers what it printed. */
  run(command: string, ...args: string[]): Promise<string>
  /** What the machine printed on its console. */
  console(): Promise<string>
  /** Like a press of the power button; the power is cut when that does not help. */
  turnOff(): Promise<void>
  /** Power loss, without notice. */
  kill(): Promise<void>
  /** Settled once it is off and its disk gone. */
  off: Promise<void>
}

/** Where the disk of a machine lies that was to be kept. */
export const diskOf = (enclosure: Enclosure, id: string) => join(enclosure.dir, 'm', 'disks', id)
export const addressOf = (number: number) => `10.0.${1 + (number >> 8)}.${number & 255}`
export const hostnameOf = (number: number) => `ip-${addressOf(number).replaceAll('.', '-')}`

export const macOf = (id: string): string =>
  `0a:${createHash('sha256').update(id).digest('hex').slice(0, 10).match(/../g)?.join(':')}`

/** Boots a Debian root as a machine: its own disk, processes, network, cgroup and metadata service. */
export const bootMachine = async (enclosure: Enclosure, plan: MachinePlan): Promise<Machine> => {
  const { id, number, root } = plan
  const at = join(enclosure.dir, 'm', 'instances', id)
  const cgroup = join(enclosure.dir, 'cgroup', `${enclosure.name}-${id}`)
  const [address, address6, hostname, veth] = [addressOf(number), `fd00:aaaa::${1000 + number}`, hostnameOf(number), `m${number}`]
  const socket = join(enclosure.dir, 'imds', address)
  await new Promise<void>((resolve) => plan.imds.listen(socket, resolve))
  await symlink(socket, join(enclosure.dir, 'imds', address6))
  await enclosure.run('sh', ['-c', FILES, 'files', at, plan.cloudInitModel ? CLOUD_INIT : '', CLOUD_INIT_UNIT, hostname])
  const start = [START, 'outside', [...plan.baked, root].join(':'), at, cgroup, veth, address, address6, macOf(id), hostname]
  const process = enclosure.start('sh', [...start, plan.ports.join(', ')])
  let said = ''
  process.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  const started = new Promise<void>((resolve) => {
    process.stdout?.once('data', () => resolve())
    process.once('close', () => resolve())
  })
  const console = () => enclosure.run('cat', [join(at, 'console')])

  const off = new Promise<void>((resolve, reject) => {
    process.once('close', () => {
      const clean = async () => {
        plan.imds.close()
        plan.imds.closeAllConnections()
        plan.onOff((await console()) + said)
        await enclosure.run('sh', ['-c', CLEAN, 'clean', at, veth, cgroup, plan.keepsDisk ? diskOf(enclosure, id) : ''])
      }
      clean().then(resolve, reject)
    })
  })
  // Whoever waits hears of it; nobody has to.
  off.catch(() => undefined)
  const signal = (script: string) => enclosure.run('sh', ['-c', script, cgroup]).catch(() => undefined)

  await started
  return {
    id,
    address,
    hostname,
    devices: join(at, 'dev'),
    off,
    console,
    run: (command, ...args) => enclosure.run('sh', ['-c', IN_MACHINE, cgroup, command, ...args]),
    async turnOff() {
      await signal(PRESS_BUTTON)
      const force = setTimeout(() => void signal(CUT_POWER), POWER_BUTTON_MS)
      await off
      clearTimeout(force)
    },
    async kill() {
      await signal(CUT_POWER)
      await off
    },
  }
}
