import { describe, expect, it } from 'vitest'
import { NO_SESSION } from '../../../core/contract/id-patterns.ts'
import { apiWorld } from '../../support/api-world.ts'
import { launchedSession } from '../../support/running-session.ts'

const bundle = { url: 'https://bucket/runner.tar.gz?signed', sha256: 'a'.repeat(64) }

describe('a machine that boots', () => {
  it('is told where its runner is, for its architecture and while the attempt is its own', async () => {
    const world = apiWorld({ runnerBundle: async (arch) => (arch === 'x64' ? bundle : undefined) })
    const { id, plane, ports } = await launchedSession({}, world)
    expect(await plane.runnerBundle(id, 1, 'x64')).toEqual(bundle)
    await expect(plane.runnerBundle(id, 1, 'arm64')).rejects.toMatchObject({ code: 'not_found' })
    await expect(plane.runnerBundle(id, 2, 'x64')).rejects.toMatchObject({ code: 'not_recorded_yet' })
    await plane.terminate(id, { now: true }, 'ada')
    await ports.lifecycle.walk(id)
    await expect(plane.runnerBundle(id, 1, 'x64')).rejects.toMatchObject({ code: 'fenced' })
  })

  it('to become an image is told that without a session, and nothing else', async () => {
    const { plane } = apiWorld({ runnerBundle: async () => bundle })
    expect(await plane.runnerBundle(NO_SESSION, 1, 'x64')).toEqual(bundle)
    await expect(plane.hello(NO_SESSION, 1, { runnerVersion: '0', facts: {} } as never)).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(plane.bootFailed(NO_SESSION, 1, 'why')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('and cannot start its runner says why, without the secrets in it', async () => {
    const { id, plane, record, walk } = await launchedSession({ credentials: { TOKEN: 'a secret value' } })
    await plane.bootFailed(id, 1, 'no a secret value\nline one\nline two: a secret value')
    await walk()
    expect(await record()).toMatchObject({ state: 'ended', outcome: { outcome: 'lost' } })
    const lost = (await plane.timeline(id)).entries.find(({ what }) => what === 'machine lost')
    expect(lost?.detail).toMatchObject({
      why: expect.stringContaining('could not start: no [redacted]'),
      log: expect.stringContaining('line one'),
    })
    expect(JSON.stringify([await record(), lost])).not.toContain('a secret value')
  })
})
