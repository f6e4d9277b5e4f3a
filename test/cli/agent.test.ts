import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { main } from '../../cli/main.ts'
import { World } from '../support/world.ts'
import { until } from '../support/world-processes.ts'
import { testIo } from './test-io.ts'

const AGENT = `node ${fileURLToPath(new URL('../support/talking-agent.ts', import.meta.url))}`

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

// No sandbox: the agent is a file of this checkout, which may lie below /tmp, and a sandbox has a /tmp of its own.
const ask = (...flags: string[]) => [
  'dispatch',
  '--agent',
  'talking',
  '--agent-command',
  AGENT,
  '--approve',
  'ask',
  '--sandbox',
  'off',
  ...flags,
  'write the note',
]

it('a question is answered in place on a terminal; thoughts, plan, tool calls and diffs are readable', async () => {
  const dir = world.repository({ 'note.txt': 'old line\n' })
  const { io, printed, type } = testIo(world, { terminal: true, cwd: dir })
  const done = main(ask(), io)
  await until('it asks', () => printed.err.includes('allow? [y]es, [n]o, or 1 Allow, 2 Reject') || undefined)
  type('what?')
  await until('it asks again', () => printed.err.split('allow?').length > 2 || undefined)
  type('y')
  expect(await done).toBe(0)
  const lines = printed.out.split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'let me think',
      'plan',
      '  [x] read',
      '  [ ] write',
      '▸ edit Edit note.txt',
      '? permission Edit note.txt',
    ]),
  )
  expect(lines).toEqual(expect.arrayContaining(['● edit Edit note.txt', '  note.txt +1 −1', '  - old line', '  + new line']))
  expect(printed.out).toContain('Written.')
  expect(printed.out).not.toContain('\u001b]0;')
  expect(printed.err).toMatch(/branch remote\/s-\w{10}: 1 file, \+1 −1/)
})

it('an interactive session that waits takes what is typed as its follow-up, until Ctrl-C', async () => {
  const { io, printed, type, interrupt } = testIo(world, { terminal: true })
  const done = main(ask('--no-repo', '--approve', 'auto', '--interactive'), io)
  await until('it waits for a word', () => printed.err.includes('you: ') || undefined)
  type('')
  await until('an empty line says nothing', () => printed.err.split('you: ').length > 2 || undefined)
  type('again, and well')
  await until('it was heard', () => printed.out.includes('heard: again, and well') || undefined)
  await until('it waits again', () => printed.err.split('you: ').length > 3 || undefined)
  interrupt()
  expect(await done).toBe(130)
  const id = /detached; (s-\w+)/.exec(printed.err)?.[1] ?? ''
  await world.cli(['terminate', id, '--now', '--wait'])
})

it('elsewhere `remote send --approve` or --deny answers', async () => {
  const outcomes = await Promise.all(
    (['--approve', '--deny'] as const).map(async (answer) => {
      const { out } = await world.cli(ask('--no-repo', '--detach', '--quiet'))
      const id = out.trim()
      await until('it waits', async () => (await world.session(id)).waiting?.for === 'permission' || undefined)
      expect((await world.cli(['status'])).out).toMatch(/asks permission/)
      expect(await world.cli(['send', id, answer])).toMatchObject({ code: 0, stderr: 'it is answered\n' })
      await world.ended(id)
      return (await world.cli(['logs', id])).out
    }),
  )
  expect(outcomes[0]).toContain('Written.')
  expect(outcomes[1]).toContain('Not written.')
})

it('an interactive session takes follow-ups with send until it is terminated', async () => {
  const { out } = await world.cli(ask('--no-repo', '--detach', '--quiet', '--interactive', '--approve', 'auto'))
  const id = out.trim()
  await until('it waits for a follow-up', async () => (await world.session(id)).waiting?.for === 'follow_up' || undefined)
  expect((await world.cli(['explain', id])).out).toMatch(/for a follow-up/)
  expect((await world.cli(['send', id, '--approve'])).stderr).toMatch(/^it is not known to ask anything/)
  expect((await world.cli(['send', id, '--interrupt'])).stderr).toBe('it waits for you: there is nothing to interrupt\n')
  expect((await world.cli(['send', id, 'again', 'please'])).stderr).toBe('it reads it now\n')
  await until('it answered', async () => (await world.cli(['logs', id])).out.includes('heard: again please') || undefined)
  expect((await world.cli(['terminate', id, '--wait'])).code).toBe(0)
  expect((await world.cli(['attach', id])).code).toBe(130)
})

it('resume goes on with an ended session as a new one, and prints what it says', async () => {
  const { out } = await world.cli(ask('--no-repo', '--json', '--approve', 'auto'))
  const before = JSON.parse(out).id as string
  const { out: said, code, stderr } = await world.cli(['resume', before, 'again', 'the docs'])
  expect(code).toBe(0)
  expect(said).toMatch(/again the docs/)
  expect(stderr).toMatch(/✓ s-\w{10} succeeded/)
  const refused = await world.cli(['resume', (await world.shell('true')).id, 'x'])
  expect(refused.code).toBe(5)
  expect(refused.stderr).toMatch(/a shell session cannot be resumed/)
})
