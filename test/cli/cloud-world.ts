import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Session } from '../../core/contract/session.ts'
import { type FakeCloud, live, openFakeCloud, output, type Scene } from '../support/fake-cloud.ts'
import { type Run, type RunOptions, runMain } from '../support/run-main.ts'
import { World } from '../support/world.ts'

export const SUCCEEDED = { outcome: 'succeeded', code: 'exit', reason: 'it ended', exitCode: 0 } as const

/** A user whose AWS account has a control plane that `remote cloud use` has found. */
export const openCloudWorld = async ({ used = true, on = 'local' } = {}) => {
  const cloud = await openFakeCloud()
  const world = new World({ ...cloud.env, REMOTE_ON: on })
  const file = join(world.paths.state, 'clouds.json')
  const know = (more: Record<string, unknown> = {}) => {
    mkdirSync(world.paths.state, { recursive: true, mode: 0o700 })
    writeFileSync(file, JSON.stringify(cloud.known(more)))
  }
  if (used) know()
  const run = (argv: string[], options: Partial<RunOptions> = {}): Promise<Run> =>
    runMain(argv, { env: world.env, cwd: world.home, ...options })
  return {
    cloud,
    world,
    file,
    know,
    run,
    hasDaemon: () => existsSync(world.paths.socket),
    /** A session that is there already. */
    dispatched: async (task = 'echo hi'): Promise<Session> =>
      JSON.parse((await run(['dispatch', '--on', 'cloud', '--agent', 'shell', '--no-repo', '--detach', '--json', task])).out),
    close: async () => {
      await world.close()
      await cloud.close()
    },
  }
}
export type CloudWorld = Awaited<ReturnType<typeof openCloudWorld>>

/** Ends a session whose log has `texts`: sealed, in segments. */
export const endWith = async (cloud: FakeCloud, session: Session, texts: readonly string[]): Promise<Session> => {
  for (const [n, text] of texts.entries()) await cloud.ports.segments.write(session.id, 1, 1, output(n + 1, text))
  await cloud.ports.segments.seal(session.id, 1, { last: texts.length, final: true })
  return cloud.change(session.id, {
    state: 'ended',
    outcome: SUCCEEDED,
    endedAt: session.createdAt,
    attempts: [{ number: 1, lastSeq: texts.length }],
  })
}

/** Attached to while it begins: some of it live, the rest when it has ended. */
export const sceneOf =
  (cloud: FakeCloud, texts: readonly string[]): Scene =>
  async ({ session, say }) => {
    say({ type: 'attached', live: { attempt: 1, seq: 1 }, session })
    for (const [n, text] of texts.entries()) say(live(n + 1, text))
    const ended = await endWith(cloud, session, texts)
    say({ type: 'sealed', attempt: 1, last: texts.length })
    say({ type: 'complete', session: ended })
  }
