import { describe, expect, it } from 'vitest'
import type { DispatchInput } from '../../../core/contract/dispatch.ts'
import { Resume } from '../../../core/contract/resume.ts'
import { apiWorld } from '../../support/api-world.ts'
import { plainBundle } from '../../support/plain-bundle.ts'
import { runningSession } from '../../support/running-session.ts'
import { commit, sha256 } from '../../support/samples.ts'

describe('resume', () => {
  const REPOSITORY = { id: sha256(1), commit: commit(1), name: 'x' }
  const bundle = async (world: ReturnType<typeof apiWorld>, text: string, tip: string, needs: string[]) => {
    const { sha256: sha, bytes } = plainBundle({ tips: [tip], needs }, text)
    await world.plane.putBundle(sha, new Blob([bytes]).stream(), { repository: REPOSITORY.id, tips: [tip], needs }, 'ada')
    return sha
  }

  it('continues branch, agent and settings of the session before', async () => {
    const world = apiWorld({ agentFiles: async ({ id }) => `/sessions/${id}/agent` })
    const base = await bundle(world, 'base', commit(1), [])
    const before = await runningSession({ agent: 'claude', repository: REPOSITORY, env: { A: 'b' }, maxCostUsd: 3 }, world)
    const own = await bundle(world, 'result', commit(2), [commit(1)])
    const result = { branch: 'x', base: commit(1), commit: commit(2), bundle: own, files: 1, insertions: 1, deletions: 0 }
    await before.done({ result, agentHandle: 'agent-7', agentFiles: 'checkpoint/1/agent.tar.gz' })
    expect(await before.record()).toMatchObject({ checkpoint: { attempt: 1, agentFiles: 'checkpoint/1/agent.tar.gz' } })
    await before.walk()
    const { session } = await world.plane.resume(before.id, Resume.parse({ text: 'now the docs', maxCostUsd: 5 }), { by: 'ada' })
    expect(session.request).toMatchObject({
      task: 'now the docs',
      resumes: before.id,
      env: { A: 'b' },
      maxCostUsd: 5,
      repository: REPOSITORY,
    })
    await world.ports.lifecycle.walk(session.id)
    const spec = await world.plane.hello(session.id, 1, { runnerVersion: '1' })
    expect(spec.bundles.map(({ sha256: sha }) => sha)).toEqual([base])
    expect(spec.checkpoint).toMatchObject({
      commit: commit(2),
      bundle: { sha256: own },
      agentFiles: `/sessions/${before.id}/agent`,
    })
    expect([spec.agentHandle, spec.branch]).toEqual(['agent-7', `remote/${session.id}`])
  })

  it('is refused where a secret was typed that the record does not have, unless it is given anew', async () => {
    const ended = async (more: Partial<DispatchInput>) => {
      const world = apiWorld()
      await world.plane.setSecret('TOKEN', 'hunter-two', 'ada')
      const session = await runningSession({ agent: 'claude', secrets: ['TOKEN'], ...more }, world)
      await session.done()
      await session.walk()
      return session
    }
    const { plane, id, record } = await ended({ task: 'say hunter-two', env: { URL: 'x://u:hunter-two@h', PLAIN: 'p' } })
    const resumed = (env?: Record<string, string>) =>
      plane.resume(id, Resume.parse({ text: 'go on', ...(env && { env }) }), { by: 'ada' })
    const { env } = (await record()).request
    for (const refused of [resumed(), resumed({ ...env, PLAIN: 'q' })]) {
      await expect(refused).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining('URL'),
        hint: expect.stringContaining('--env URL='),
      })
    }
    expect((await resumed({ PLAIN: 'p' })).session.request.env).toEqual({ PLAIN: 'p' })
    const anew = await resumed({ ...env, URL: 'x://u:hunter-two@other' })
    await plane.get(anew.session.id).then(({ hidden }) => expect(hidden).toEqual(['env.URL']))
    for (const more of [
      { setup: { commands: ['login hunter-two'] } },
      { agentCommand: 'agent --key hunter-two', agent: 'other' },
      { cwd: 'hunter-two' },
    ]) {
      const other = await ended(more)
      await expect(other.plane.resume(other.id, Resume.parse({ text: 'go on' }), { by: 'ada' })).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining(Object.keys(more)[0] ?? ''),
      })
    }
  })

  it('one that has not ended, or a command, is not resumed', async () => {
    const running = await runningSession({ agent: 'claude' })
    await expect(running.plane.resume(running.id, Resume.parse({ text: 'x' }), { by: 'ada' })).rejects.toMatchObject({
      code: 'conflict',
    })
    const shell = await runningSession()
    await shell.done()
    await shell.walk()
    await expect(shell.plane.resume(shell.id, Resume.parse({ text: 'x' }), { by: 'ada' })).rejects.toMatchObject({
      code: 'not_supported',
    })
  })
})
