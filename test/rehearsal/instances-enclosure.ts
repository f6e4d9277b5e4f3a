import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createConnection, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const GATEWAY = '10.0.0.1'
/** Where the Instance Connect Endpoint is in the machines' network. */
const ENDPOINT = '10.0.0.22'
const METADATA = ['169.254.169.254', 'fd00:ec2::254']
/** Without one of its own a bridge has the lowest of its ports', another one as machines come and go: who knew the last reaches nobody for a minute. */
export const SHARED_MAC = '02:00:0a:00:00:01'
const START_MS = 20_000
const CLOSE_MS = 10_000

/** The disk is a file without a name: it goes when the last process in here goes. Nothing of the host's network is touched. */
const SETUP = `
set -eu
dir=$1; shift
truncate -s 64G "$dir/disk"
mkfs.ext4 -q -O ^has_journal -E nodiscard,lazy_itable_init=1 "$dir/disk"
mount -o loop "$dir/disk" "$dir/m"
rm "$dir/disk"
mkdir "$dir/m/instances" "$dir/m/volumes"
mount -t cgroup2 cgroup2 "$dir/cgroup"
# Of runs that were killed: nothing runs in there any more.
find "$dir/cgroup" -mindepth 1 -maxdepth 1 -name 'rr-*' -mmin +1 | while read -r old; do
  ! grep -q 'populated 0' "$old/cgroup.events" || find "$old" -depth -type d -exec rmdir {} + || true
done
mkdir -p /run/netns
mount -t tmpfs netns /run/netns
ip link set lo up
ip link add region address ${SHARED_MAC} type bridge
ip address add ${GATEWAY}/16 dev region
ip address add ${ENDPOINT}/16 dev region
ip address add fd00:aaaa::1/64 dev region nodad
${METADATA.map((address) => `ip address add ${address} dev region${address.includes(':') ? ' nodad' : ''}`).join('\n')}
ip link set region up
exec "$@"
`

const END = `
for group in "$1/$2"-*; do
  [ -e "$group" ] || continue
  echo 1 >"$group/cgroup.kill"
  tries=0
  until [ ! -e "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || [ "$tries" -eq 100 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
done
`

/** Security groups: nothing comes to a machine but what it asked for, and what is let in. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html */
const GROUPS = `
add table inet groups
add set inet groups open { type ipv4_addr . inet_service; }
add chain inet groups output { type filter hook output priority 0; }
add rule inet groups output ip saddr ${ENDPOINT} ip daddr . tcp dport @open accept
add rule inet groups output oifname "region" tcp flags & (syn | ack) == syn drop
add table bridge groups
add chain bridge groups forward { type filter hook forward priority 0; }
add rule bridge groups forward tcp flags & (syn | ack) == syn drop
add rule bridge groups forward meta l4proto udp drop
`

export type Enclosure = {
  dir: string
  /** Its own on this machine. */
  name: string
  /** Starts a program inside, as root, in `/`. */
  start(command: string, args: readonly string[]): ChildProcess
  /** Runs it and answers what it printed; throws with what it said when it fails. */
  run(command: string, args: readonly string[], input?: string): Promise<string>
  /** Lets machines reach this TCP port of our loopback at the gateway's address. */
  open(port: number): Promise<void>
  /** Answers of the metadata service live for one hop by default; `root` has the program that says so. */
  limitMetadataHops(root: string, address: string, hops: number): Promise<void>
  /** From now on machines are reached by nobody whom `letIn` does not name. `root` has the program that says so. */
  filter(root: string): Promise<void>
  /** These ports of a machine are there for the Instance Connect Endpoint. */
  letIn(root: string, address: string, ports: readonly number[]): Promise<void>
  /** A connection of the Instance Connect Endpoint. */
  connect(address: string, port: number): Promise<Duplex>
  /** Ends everything inside. */
  close(): Promise<void>
}

/** What is left of runs that were killed: sockets without anybody behind them. */
const sweep = async () => {
  const names = await readdir(tmpdir())
  const dead = names.filter((name) => !existsSync(`/proc/${/^rr-(\d+)-\w{6}$/.exec(name)?.[1] ?? 'self'}`))
  await Promise.all(dead.map((name) => rm(join(tmpdir(), name), { recursive: true, force: true })))
}

const firstChild = async (pid: number | undefined): Promise<string> => {
  const pids = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
  if (!pids[0]) throw new Error(`process ${pid} has no child`)
  return pids[0]
}

const nextLine = (lines: AsyncIterator<string>, what: string, said: () => string): Promise<string> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: no answer in ${START_MS} ms ${said()}`)), START_MS)
    lines.next().then(({ value, done }) => {
      clearTimeout(timer)
      if (done) reject(new Error(`${what}: ${said()}`))
      else resolve(value)
    }, reject)
  })

/** A network, a process table, a disk and mounts of their own for all machines of one run; all of it ends with this process, however that ends. */
export const openEnclosure = async (): Promise<Enclosure> => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Error('rehearsed machines need Linux and root: namespaces, loop devices and overlays are made')
  await sweep()
  const dir = await mkdtemp(join(tmpdir(), `rr-${process.pid}-`))
  await Promise.all(['m', 'cgroup', 'imds', 'ports'].map((name) => mkdir(join(dir, name))))
  const main = fileURLToPath(new URL('./instances-enclosure-main.ts', import.meta.url))
  const keeper = [process.execPath, main, dir, GATEWAY, ENDPOINT, ...METADATA]
  const apart = [
    '--kill-child',
    '--fork',
    '--pid',
    '--mount',
    '--net',
    '--ipc',
    '--mount-proc',
    'sh',
    '-c',
    SETUP,
    'enclosure',
    dir,
  ]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...apart, ...keeper], { stdio: 'pipe' })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await nextLine(lines, 'the enclosure did not start', () => said)
  const pid = await firstChild(child.pid)
  const servers: Server[] = []

  const start: Enclosure['start'] = (command, args) =>
    spawn('nsenter', ['--target', pid, '--mount', '--net', '--pid', '--ipc', '--wd=/', '--', command, ...args], { stdio: 'pipe' })
  const run: Enclosure['run'] = (command, args, input = '') =>
    new Promise((resolve, reject) => {
      const process = start(command, args)
      const out: Buffer[] = []
      const err: Buffer[] = []
      process.stdout?.on('data', (bytes: Buffer) => out.push(bytes))
      process.stderr?.on('data', (bytes: Buffer) => err.push(bytes))
      process.on('error', reject)
      process.on('close', (code) => {
        if (code === 0) resolve(Buffer.concat(out).toString())
        else reject(new Error(`${command} ${args.slice(0, 3).join(' ')}… failed (${code}): ${Buffer.concat(err)}`))
      })
      process.stdin?.on('error', () => undefined).end(input)
    })

  return {
    dir,
    name: basename(dir),
    start,
    run,
    async open(port) {
      const server = createServer({ allowHalfOpen: true }, (machine) => {
        const ours = createConnection({ host: '127.0.0.1', port, allowHalfOpen: true })
        machine.on('error', () => ours.destroy())
        ours.on('error', () => machine.destroy())
        machine.pipe(ours).pipe(machine)
      })
      servers.push(server)
      await new Promise<void>((resolve) => server.listen(join(dir, 'ports', String(port)), resolve))
      child.stdin.write(`${port}\n`)
      await nextLine(lines, `port ${port} cannot be opened`, () => said)
    },
    async limitMetadataHops(root, address, hops) {
      const rule = `add rule ip metadata output ip saddr 169.254.169.254 ip daddr ${address} ip ttl set ${hops}\n`
      const table = 'add table ip metadata\nadd chain ip metadata output { type route hook output priority mangle; }\n'
      await run('chroot', [root, 'nft', '-f', '-'], table + rule)
    },
    async filter(root) {
      await run('chroot', [root, 'nft', '-f', '-'], GROUPS)
    },
    async letIn(root, address, ports) {
      const elements = ports.map((port) => `${address} . ${port}`).join(', ')
      if (ports.length > 0) await run('chroot', [root, 'nft', '-f', '-'], `add element inet groups open { ${elements} }\n`)
    },
    connect: (address, port) =>
      new Promise((resolve, reject) => {
        const socket = createConnection({ path: join(dir, 'endpoint'), allowHalfOpen: true })
        const refused = () => reject(new Error(`${address} is not reached on port ${port}`))
        socket.once('error', refused).once('close', refused)
        socket.once('readable', () => {
          // One byte says that the connection stands; what follows is the machine's.
          if (socket.read(1) === null) return refused()
          socket.off('error', refused).off('close', refused)
          resolve(socket)
        })
        socket.write(`${address} ${port}\n`)
      }),
    async close() {
      for (const server of servers) server.close()
      await run('sh', ['-c', END, 'end', join(dir, 'cgroup'), basename(dir)])
      child.stdin.end()
      const force = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS)
      await ended
      clearTimeout(force)
      await rm(dir, { recursive: true, force: true })
    },
  }
}
