import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { ShippedRepository } from './shipped-repository.ts'
import type { World } from './world.ts'

const AGENT = fileURLToPath(new URL('./crash-agent.mjs', import.meta.url))
const WORKSPACE = 'project'
/** A secret of its session: no record holds it. */
const MESSAGE = 'also this'

/** One session that is crashed at each of its points, in a world of its own each time. */
export type CrashScene = {
  name: string
  /** Sessions that were before it, and never crashed. */
  before?: { sessions: number; prepare(world: World): Promise<void> }
  /** Everything its user does. May be repeated after a crash: it leads to the same session. */
  dispatch(world: World): Promise<Session>
  /** What must be so when it has ended well. */
  check(world: World, session: Session): Promise<void>
  close(): void
}

const notesOf = (world: World) => {
  const dir = join(world.dir, 'notes')
  mkdirSync(dir, { recursive: true })
  return dir
}
const linesOf = (world: World, name: string): string[] => {
  const file = join(notesOf(world), name)
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

/** The kernel gives the lock up with the last process that has it: a second one beside it is noticed, in whatever namespace it is. */
const alone = (notes: string, command: string) =>
  `flock -n -E 77 ${notes}/alone ${command}; code=$?; [ $code != 77 ] || echo doubled >> ${notes}/doubled; exit $code`

const body = (world: World, more: Record<string, unknown>) => ({
  env: { PATH: world.env['PATH'], HOME: world.home },
  sandbox: 'off',
  retries: 2,
  ...more,
})

const post = async <T>(world: World, path: string, content: unknown, headers: Record<string, string> = {}, alright?: number) => {
  const answer = await world.api<T>('POST', path, content, headers)
  if (answer.status >= 300 && answer.status !== alright)
    throw new Error(`${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body
}
const KEY = { 'idempotency-key': 'the-key' }

const checkResult = async (world: World, session: Session, repository: ShippedRepository, files: Record<string, string>) => {
  expect(session.result).toMatchObject({ branch: `remote/${session.id}`, base: repository.source.commit })
  const home = await repository.bringHome(world, session.result)
  expect(home).toEqual({ files, parents: [repository.source.commit] })
}

/** A command on a repository with uncommitted changes and a `[setup]`; what runs beside another run of it would be seen. */
export const openCommandScene = async (): Promise<CrashScene> => {
  const repository = await ShippedRepository.make()
  return {
    name: 'a command on a repository with [setup]',
    dispatch: async (world) => {
      await repository.send(world)
      const notes = notesOf(world)
      const work = `echo ran >> ${notes}/runs; cat made >> src/a.txt; echo new > new.txt`
      const task = alone(notes, `sh -c '${work}'`)
      const setup = { commands: ['echo made > made'], inputs: ['lock'] }
      return post<Session>(world, '/sessions', body(world, { task, agent: 'shell', repository: repository.source, setup }), KEY)
    },
    check: async (world, session) => {
      expect(session.outcome).toMatchObject({ outcome: 'succeeded', exitCode: 0 })
      expect(linesOf(world, 'doubled')).toEqual([])
      expect(linesOf(world, 'runs').length).toBeLessThanOrEqual(session.attempts.length)
      // Each run begins with a clean checkout: one line of it, however often it ran.
      await checkResult(world, session, repository, { 'new.txt': 'new\n', 'src/a.txt': 'one\nuncommitted\nmade\n' })
    },
    close: () => repository.close(),
  }
}

/** An agent on the same repository in a workspace, which is sent a message while it works. */
export const openAgentScene = async (): Promise<CrashScene> => {
  const repository = await ShippedRepository.make()
  return {
    name: 'an agent in a workspace',
    dispatch: async (world) => {
      const notes = notesOf(world)
      await post(world, '/workspaces', { name: WORKSPACE, runtime: 'local' }, {}, 409)
      await repository.send(world)
      const asked = body(world, {
        task: 'the task',
        agent: 'claude',
        agentCommand: alone(notes, `${process.execPath} ${AGENT}`),
        repository: repository.source,
        workspace: WORKSPACE,
        credentials: { SAID: MESSAGE },
      })
      const env = { ...asked.env, CRASH_NOTES: notes }
      const session = await post<Session>(world, '/sessions', { ...asked, env }, KEY)
      if (!existsSync(join(notes, 'sent'))) {
        await post(world, `/sessions/${session.id}/inbox`, { kind: 'message', text: MESSAGE }, {}, 409)
        writeFileSync(join(notes, 'sent'), '')
      }
      return session
    },
    check: async (world, session) => {
      expect(session.outcome).toMatchObject({ outcome: 'succeeded', code: 'end_turn' })
      expect(linesOf(world, 'doubled')).toEqual([])
      // Stored by a daemon that died before it could answer, a message is sent again: two messages.
      const messages = Math.max(session.inboxLast, session.inboxHandled)
      expect(messages).toBeGreaterThan(0)
      expect(session.inboxHandled).toBe(messages)
      const heard = linesOf(world, 'told').filter((line) => line === MESSAGE).length
      expect(heard).toBeGreaterThanOrEqual(messages)
      // Exactly once as long as the machine lives; with a lost machine at most once more.
      expect(heard).toBeLessThanOrEqual(messages + session.attempts.length - 1)
      const records = [world.paths.database, `${world.paths.database}-wal`].filter((file) => existsSync(file))
      expect(records.filter((file) => readFileSync(file).includes(MESSAGE))).toEqual([])
      const workspace = await world.api<{ heldBy?: string }>('GET', `/workspaces/${WORKSPACE}`)
      expect(workspace.body.heldBy).toBeUndefined()
      await checkResult(world, session, repository, { 'also.txt': MESSAGE, 'note.txt': 'edited\n' })
    },
    close: () => repository.close(),
  }
}

/** A command in a workspace where another one has been, on a repository that has changed since. */
export const openFurtherScene = async (): Promise<CrashScene> => {
  const first = await ShippedRepository.make()
  const repository = await first.later({ 'later.txt': 'later\n' })
  const workspace = WORKSPACE
  return {
    name: 'a further session of a workspace',
    before: {
      sessions: 1,
      prepare: async (world) => {
        await post(world, '/workspaces', { name: workspace, runtime: 'local' })
        await first.send(world)
        const asked = body(world, { task: 'echo left > left.txt', agent: 'shell', repository: first.source, workspace })
        const { id } = await post<Session>(world, '/sessions', asked)
        expect((await world.ended(id)).outcome).toMatchObject({ outcome: 'succeeded' })
      },
    },
    dispatch: async (world) => {
      await repository.send(world)
      const task = alone(notesOf(world), `sh -c 'cat left.txt later.txt > both.txt'`)
      return post<Session>(
        world,
        '/sessions',
        body(world, { task, agent: 'shell', repository: repository.source, workspace }),
        KEY,
      )
    },
    check: async (world, session) => {
      expect(session.outcome).toMatchObject({ outcome: 'succeeded', exitCode: 0 })
      expect(linesOf(world, 'doubled')).toEqual([])
      const held = await world.api<{ heldBy?: string }>('GET', `/workspaces/${workspace}`)
      expect(held.body.heldBy).toBeUndefined()
      const { files } = await repository.bringHome(world, session.result)
      // It starts where the workspace stood, with what the user changed since brought in.
      expect(files).toEqual({ 'both.txt': 'left\nlater\n' })
    },
    close: () => repository.close(),
  }
}
