import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { debianRoot, iptablesLayer } from './debian-root.ts'

const ANSWERS_MS = 120_000
const guard = fileURLToPath(new URL('../../agent-bootstrap/boot/metadata-guard.sh', import.meta.url))

/** In namespaces of its own: a metadata service at both addresses, the guard twice as a unit may start it again, and who reaches it then. */
const LOOK = `
dir=$1 lower=$2 node=$3 guard=$4
mount -t tmpfs tmpfs "$dir"
mkdir "$dir/layer" "$dir/work" "$dir/root"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$dir/layer,workdir=$dir/work" "$dir/root"
cp "$guard" "$dir/root/guard.sh"
ip link set lo up
ip addr add 169.254.169.254/32 dev lo
ip -6 addr add fd00:ec2::254/128 dev lo nodad
"$node" -e 'require("node:http").createServer((_, answer) => answer.end("metadata")).listen(80, "::", () => console.error("up"))' 2>"$dir/said" &
until grep -q up "$dir/said"; do sleep 0.1; done
chroot "$dir/root" sh -eu -c '
  useradd agent
  useradd --uid 60001 another
  (command -v nft || command -v iptables) | sed "s#.*/##"
  sh /guard.sh && sh /guard.sh
  for user in root agent another; do
    for host in 169.254.169.254 "[fd00:ec2::254]"; do
      echo "$user $(su "$user" -c "curl -gsS -m 5 http://$host/ || echo refused" 2>/dev/null)"
    done
  done'
kill $!
`

describe('the metadata guard', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'remote-guard-'))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))

  it.each(['nft', 'iptables'])(
    'keeps every person’s user from the metadata service by %s, and not the machine itself',
    async (program) => {
      const root = await debianRoot()
      const lower = program === 'nft' ? root : `${await iptablesLayer()}:${root}`
      const { stdout } = await promisify(execFile)(
        'unshare',
        ['--mount', '--net', '--pid', '--fork', 'sh', '-euc', LOOK, 'look', dir, lower, process.execPath, guard],
        { timeout: ANSWERS_MS },
      )
      expect(stdout.trim().split('\n')).toEqual([
        program,
        ...['root metadata', 'root metadata'],
        ...['agent refused', 'agent refused', 'another refused', 'another refused'],
      ])
    },
  )
})
