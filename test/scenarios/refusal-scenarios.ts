import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { expectRefusal } from './expect-refusal.ts'
import { personAt, SHELL } from './person.ts'
import type { Place } from './place.ts'

/** Whatever came of one of these would have this for its task. */
const TASK = 'echo this must never run'

const REFUSALS: readonly [name: string, args: string[], exit: number, says: RegExp][] = [
  ['an unknown agent', ['dispatch', '--no-repo', '--agent', 'nobody', TASK], 5, /nobody/],
  ['an unknown instance type', [...SHELL, TASK, '--instance', 'q9.huge'], 5, /q9\.huge/],
  ['a runtime of a host', [...SHELL, TASK, '--on', 'ssh:ada@example.com'], 5, /ssh:ada@example\.com/],
  ['a runtime that is none', [...SHELL, TASK, '--on', 'ssh:'], 2, /not a runtime/],
  ['an unknown workspace', [...SHELL, TASK, '--workspace', 'nowhere'], 5, /nowhere/],
  ['a workspace with a bad name', ['workspace', 'create', '--name', '../up'], 2, /name/],
  ['an unknown secret', [...SHELL, TASK, '--secret', 'NOTHING'], 5, /NOTHING/],
  ['a bad ttl', [...SHELL, TASK, '--ttl', '1 fortnight'], 2, /not a duration/],
  ['a negative idle time', [...SHELL, TASK, '--idle=-5m'], 2, /not a duration/],
  ['a ttl beyond every limit', [...SHELL, TASK, '--ttl', '999999999w'], 2, /ttl/],
  ['a bad size', ['workspace', 'create', '--name', 'a', '--size', '-1gb'], 2, /not a size/],
  ['bad money', [...SHELL, TASK, '--max-cost', 'free'], 2, /not an amount/],
  ['a bad price', [...SHELL, TASK, '--max-price', '1e9'], 2, /not an amount/],
  ['too many retries', [...SHELL, TASK, '--retries', '99999999'], 2, /retries/],
  ['no git repository', ['dispatch', '--agent', 'shell', TASK], 6, /not in a git repository/],
  [
    'a repository that is not there',
    ['dispatch', '--agent', 'shell', '--repo', '/nowhere/at/all', TASK],
    6,
    /\/nowhere\/at\/all/,
  ],
  ['an unknown id', ['attach', 's-0000000000'], 3, /s-0000000000/],
  ['an id that is none', ['terminate', '../../etc'], 3, /etc/],
  ['a workspace whose name is none', ['workspace', 'show', '../../up'], 3, /there is no workspace \.\.\/\.\.\/up/],
  ['a secret whose name is none', ['secrets', 'delete', '../../up'], 2, /name/],
  ['a mistyped verb', ['dispacth', TASK], 2, /dispacth/],
  ['a mistyped flag', [...SHELL, TASK, '--detatch'], 2, /--detatch/],
]

/** Bad input is told, with what to do, and nothing is begun. */
export const refusalScenarios = (place: () => Place) => {
  it('refuses what cannot be, one line and a hint each, and nothing is begun', async () => {
    const { api, runtime, world } = place()
    const { cli, done } = personAt(place())
    for (const [name, args, exit, says] of REFUSALS) {
      const answer = await cli(args)
      try {
        expectRefusal(answer, exit, says)
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}\n${answer.stderr}`, { cause: error })
      }
    }
    const unborn = join(world.dir, 'unborn')
    mkdirSync(unborn)
    world.git(unborn, 'init', '-q')
    expectRefusal(await cli(['dispatch', '--agent', 'shell', '--ref', 'HEAD', TASK], { cwd: unborn }), 6, /no commit HEAD/)
    const long = TASK.padEnd(1024 * 1024, '#')
    expectRefusal(await cli([...SHELL, '-'], { stdin: long }), 2, /longer than 256000 characters/)
    expect(await api('POST', '/sessions', { task: long, agent: 'shell', runtime })).toMatchObject({
      status: 400,
      body: { code: 'bad_request', hint: expect.any(String) },
    })
    const { sessions } = JSON.parse(await done(['status', '--all', '--json'])) as { sessions: Session[] }
    expect(sessions.filter(({ request }) => request.task.startsWith(TASK))).toEqual([])
  })
}
