import { afterEach, describe, expect, it } from 'vitest'
import { type FakeControlPlane, openFakeControlPlane, runSpec } from '../../support/fake-control-plane.ts'
import { outputOf, readLog, startRunner } from '../../support/runner-process.ts'

const planes: FakeControlPlane[] = []
const open = async (changes: Parameters<typeof runSpec>[0]) => {
  const plane = await openFakeControlPlane(runSpec(changes))
  planes.push(plane)
  return plane
}
afterEach(async () => {
  for (const plane of planes.splice(0)) await plane.close()
})

const shell = async (task: string, more: Parameters<typeof runSpec>[0] = {}) => {
  const plane = await open({ ...more, request: { task, ...more.request } })
  const runner = startRunner(plane)
  const code = await runner.exit
  expect([code, runner.stderr()]).toEqual([0, ''])
  const events = await readLog(plane)
  return {
    plane,
    events,
    done: plane.said.done[0],
    stdout: outputOf(events, 'stdout').toString('latin1'),
    stderr: outputOf(events, 'stderr').toString('latin1'),
  }
}

describe('a shell session', () => {
  it('keeps both streams byte for byte and ends with the exit code', async () => {
    const { plane, events, done, stdout, stderr } = await shell(`printf 'a\\000\\377b'; printf 'é\\r' >&2; exit 3`)
    expect([stdout, stderr]).toEqual(['a\0\xffb', Buffer.from('é\r').toString('latin1')])
    expect(done).toMatchObject({ outcome: { outcome: 'failed', code: 'exit', exitCode: 3 }, lastSeq: events.length })
    expect(events.at(-1)?.head).toMatchObject({ type: 'end', outcome: 'failed', exitCode: 3 })
    expect(events.map(({ head }) => head.seq)).toEqual(events.map((_, n) => n + 1))
    expect(plane.said.seal).toMatchObject([{ first: 1, last: events.length, final: true }])
  })

  it('names the signal that ended the command', async () => {
    const { done } = await shell('kill -SEGV $$')
    // Inside a PID namespace a shell reports a signal's death as 128 + n, as shells do.
    expect(['signal', 'exit']).toContain(done?.outcome.code)
    expect(done?.outcome.signal === 'SIGSEGV' || done?.outcome.exitCode === 139).toBe(true)
  })

  it('sees the environment of the dispatch, its secrets and an empty directory of its own', async () => {
    const { stdout } = await shell('echo "$GREETING $TOKEN $REMOTE_SESSION"; ls -A; pwd', {
      request: { env: { GREETING: 'hello' } },
      secrets: { TOKEN: 'very-secret-token' },
    })
    expect(stdout).toMatch(/^hello \[redacted:TOKEN\] s-[0-9a-f]{10}\n\/.*\/session\/work\n$/)
  })

  it('can open its output by name', async () => {
    const { stdout, stderr } = await shell('echo out > /dev/stdout; echo err > /dev/stderr')
    expect([stdout, stderr]).toEqual(['out\n', 'err\n'])
  })

  it('takes large output whole', async () => {
    const { stdout, events, plane } = await shell('head -c 20000000 /dev/zero')
    expect(stdout.length).toBe(20_000_000)
    expect(plane.said.seal.length).toBeGreaterThan(1)
    expect(plane.said.seal.map(({ first }) => first)).toEqual([1, ...plane.said.seal.slice(0, -1).map(({ last }) => last + 1)])
    expect(plane.said.seal.at(-1)).toMatchObject({ final: true, last: events.length })
  })
})
