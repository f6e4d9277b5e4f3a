import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const boot = new URL('../../../agent-bootstrap/boot/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, boot), 'utf8')
const dir = mkdtempSync(join(tmpdir(), 'remote-user-data-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const scripts = readdirSync(boot).filter((name) => name.endsWith('.sh'))
const units = readdirSync(boot).filter((name) => /\.(service|socket|timer)$/.test(name))
const PLACES = ['@API_URL@', '@SOCKET_URL@', '@REGION@']

/** EC2's limit, before base64. */
const LIMIT_BYTES = 16_384

describe('the user data of every machine', () => {
  it('is small enough for EC2 with the longest addresses', () => {
    const longest = PLACES.reduce((text, place) => text.replace(place, `https://${'x'.repeat(250)}`), read('user-data.sh'))
    expect(Buffer.byteLength(longest)).toBeLessThan(LIMIT_BYTES)
  })

  it('has the addresses of the stack in it once each, and nothing of a session', () => {
    for (const place of PLACES) expect(read('user-data.sh').split(place)).toHaveLength(2)
    expect(
      read('user-data.sh')
        .match(/@[A-Z_]+@/g)
        ?.sort(),
    ).toEqual([...PLACES].sort())
  })

  it('asks again after a part of each pause that is chance alone', () => {
    const functions = read('user-data.sh').slice(0, read('user-data.sh').lastIndexOf('case $'))
    const script = `${functions}\nfor n in $(seq 200); do part_of 8; done`
    const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
    const parts = stdout.trim().split('\n').map(Number)
    expect([parts.length, stderr]).toEqual([200, ''])
    for (const seconds of parts) expect(seconds >= 0 && seconds <= 8).toBe(true)
    // Of 200 by chance, none in a quarter is as good as impossible.
    for (let from = 0; from < 8; from += 2) expect(parts.some((one) => one >= from && one <= from + 2)).toBe(true)
    expect(new Set(parts).size).toBeGreaterThan(50)
  })

  it('says what failed as JSON, whatever was said, and without what may grant anything', () => {
    const key = 'ASIAQWERTYUIOP123456'
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
    const log = `"quoted" \\ back\ttab \u0001 control é ${key} ${secret}\nhttps://b/x?a=1&X-Amz-Signature=abcdef&b=2\n${'long '.repeat(9000)}end`
    // All but what it does when it is run.
    const functions = read('user-data.sh').slice(0, read('user-data.sh').lastIndexOf('case $'))
    const script = `${functions}\njournalctl() { :; }\nLOG=$1\nprintf '{"text":"%s"}' "$(told "$0")"`
    const told = (why: string, text: string): string => {
      writeFileSync(join(dir, 'log'), text)
      const { stdout } = spawnSync('sh', ['-c', script, why, join(dir, 'log')], { encoding: 'utf8' })
      return (JSON.parse(stdout) as { text: string }).text
    }
    const text = told('it "broke"', log)
    expect(text).toMatch(/^it "broke"\n/)
    expect(text.trimEnd()).toMatch(/end$/)
    expect(Buffer.byteLength(text)).toBeLessThan(13_000)
    expect(told('why', log.replace(/long /g, ''))).toBe(
      'why\n"quoted" \\ back\ttab  control é ASIA[redacted] [redacted]\nhttps://b/x?a=1&X-Amz-Signature=[redacted]&b=2\nend\n',
    )
  })
})

describe('the toolchain', () => {
  const world = (fails: number) => {
    const here = mkdtempSync(join(dir, 'toolchain-'))
    const program = (name: string, text: string) => writeFileSync(join(here, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    program('dpkg-query', 'exit 1')
    program('sleep', ':')
    // As apt where somebody else has the lists: at once, whatever its timeout for dpkg's lock.
    program(
      'apt-get',
      `for verb; do case $verb in update | install) break ;; esac; done
echo "$verb" >>'${here}/asked'
[ "$verb" = install ] || [ "$(grep -c update '${here}/asked')" -gt ${fails} ] || { echo 'E: Could not get lock /var/lib/apt/lists/lock' >&2; exit 100; }`,
    )
    const script = read('toolchain.sh').replaceAll('/etc/containers', `${here}/containers`)
    const { status } = spawnSync('sh', ['-c', script, 'toolchain.sh', 'git'], {
      env: { PATH: `${here}:${process.env['PATH']}`, REMOTE_APT_SECONDS: fails > 100 ? '0' : '60' },
    })
    return { status, asked: readFileSync(join(here, 'asked'), 'utf8').trim().split('\n') }
  }

  it('waits for whoever else looks for packages while the machine starts', () => {
    expect(world(2)).toEqual({ status: 0, asked: ['update', 'update', 'update', 'install'] })
  })
  it('is not waited for without end', () => {
    expect(world(101)).toEqual({ status: 1, asked: ['update'] })
  })
})

it('the metadata guard brings its program where an image has none', () => {
  const here = mkdtempSync(join(dir, 'guard-'))
  const program = (name: string, text: string) => writeFileSync(join(here, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  for (const name of ['cat', 'dirname', 'readlink']) program(name, `PATH=/usr/bin:/bin exec ${name} "$@"`)
  writeFileSync(join(here, 'metadata-guard.sh'), read('metadata-guard.sh'))
  program(
    'toolchain.sh',
    `[ "$*" = nftables ] && printf '#!/bin/sh\\ncat >${here}/rules\\n' >'${here}/nft' && PATH=/usr/bin:/bin chmod +x '${here}/nft'`,
  )
  const { status, stderr } = spawnSync('/bin/sh', [join(here, 'metadata-guard.sh')], { env: { PATH: here }, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  expect(readFileSync(join(here, 'rules'), 'utf8')).toContain('meta skuid 1000-4294967294 ip daddr 169.254.169.254 reject')
})

describe('what boots a machine', () => {
  it.each(scripts)('%s is a POSIX script that can be run', (name) => {
    expect(spawnSync('sh', ['-n', new URL(name, boot).pathname], { encoding: 'utf8' }).stderr).toBe('')
    expect(read(name)).toMatch(/^#!\/bin\/sh\n/)
  })

  it.each(units)('%s starts only what the bundle brings', (name) => {
    const started = read(name).match(/\/opt\/remote\/current\/[\w./-]+/g) ?? []
    for (const path of started) {
      const file = path.replace('/opt/remote/current/', '')
      if (file.startsWith('boot/')) expect(readdirSync(boot)).toContain(file.slice('boot/'.length))
      else expect(['bin', 'bin/node', 'runner.js']).toContain(file)
    }
  })
})
