import { once } from 'node:events'
import { expect } from 'vitest'
import type { EventBody } from '../../core/contract/events.ts'
import type { Session } from '../../core/contract/session.ts'
import { until } from '../support/world-processes.ts'
import type { Place } from './place.ts'

export type Told = EventBody & { position: string; seq: number }
type Options = { cwd?: string; env?: Record<string, string>; stdin?: string }

export const SHELL = ['dispatch', '--agent', 'shell', '--no-repo']
/** The session that a command talked of. */
export const idIn = (stderr: string): string => /s-[0-9a-z]{10}/.exec(stderr)?.[0] ?? ''
/** Often enough for a scenario, and not what keeps the machine busy. */
const LOOK_MS = 250

/** Someone at the command line, wherever their sessions run. */
export const personAt = ({ world, session, running, patienceSeconds, goneSeconds }: Place) => {
  const cli = (args: string[], options?: Options) => world.cli(args, options)
  const done = async (args: string[], options?: Options): Promise<string> => {
    const { code, out, stderr } = await cli(args, options)
    if (code !== 0) throw new Error(`remote ${args.join(' ')} exited with ${code}: ${stderr}`)
    return out
  }
  const reached = (id: string, what: string, is: (session: Session) => boolean): Promise<Session> =>
    until(
      `${id} ${what}`,
      async () => {
        const found = await session(id)
        if (is(found)) return found
        if (found.state === 'ended') throw new Error(`${id} has ended instead: ${JSON.stringify(found.outcome)}`)
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
        return undefined
      },
      patienceSeconds,
    )
  return {
    cli,
    done,
    shell: (...args: string[]) => cli([...SHELL, ...args]),
    /** Dispatched and left alone. */
    begun: async (args: string[], options?: Options): Promise<string> =>
      (await done([...args, '--detach', '--quiet'], options)).trim(),
    ended: (id: string) => reached(id, 'has ended', ({ state }) => state === 'ended'),
    waits: (id: string, kind: 'permission' | 'follow_up', what = '') =>
      reached(id, `waits for a ${kind} ${what}`, ({ waiting }) => waiting?.for === kind && (waiting.what ?? '').includes(what)),
    reached,
    /** What a viewer sees from the beginning, until that is in it. */
    hears: async (id: string, text: string): Promise<void> => {
      const viewer = world.start(['attach', id, '--from', '1.1'])
      const closed = once(viewer, 'close')
      let seen = ''
      for (const stream of [viewer.stdout, viewer.stderr])
        stream?.on('data', (bytes) => {
          seen += String(bytes)
        })
      try {
        await until(
          `a viewer of ${id} hears: ${text}`,
          () => {
            if (!seen.includes(text) && viewer.exitCode !== null)
              throw new Error(`it ended without ${text}: ${seen.slice(-2000)}`)
            return seen.includes(text) || undefined
          },
          patienceSeconds,
        )
      } finally {
        viewer.kill('SIGKILL')
        await closed
      }
    },
    log: async (id: string): Promise<Told[]> =>
      (await done(['logs', id, '--json'])).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)])),
    /** The whole process tree goes, in time. */
    nothingRuns: async (id: string, mark: string): Promise<void> => {
      const { endedAt } = await session(id)
      const within = (Date.parse(endedAt ?? '') - Date.now()) / 1000 + goneSeconds
      expect(within).toBeGreaterThan(-patienceSeconds)
      let left: string[] = []
      const look = async () => {
        left = await running(id, mark)
        return left.length === 0 || undefined
      }
      await until(`nothing of ${id} runs`, look, Math.max(1, within)).catch((error: Error) => {
        throw new Error(`${error.message}: ${left.join('\n')}`)
      })
    },
  }
}
