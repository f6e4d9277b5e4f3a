import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

let rehearsal: Rehearsal
beforeAll(async () => {
  rehearsal = await openRehearsal()
  const used = await rehearsal.cli(['cloud', 'use'])
  expect(used.code, used.stderr).toBe(0)
})
afterAll(() => rehearsal?.close())

const said = () => [...rehearsal.cloud.lambdas.logs()].map(([name, log]) => `${name}\n${log}`).join('\n')
const nothingRuns = () =>
  until('nothing runs', async () => {
    const all = await rehearsal.cloud.control.instances()
    return all.every(({ state }) => state === 'terminated') ? all : undefined
  })

it('what a session leaves in a workspace is found by the next one, on another machine', async () => {
  const created = await rehearsal.cli(['workspace', 'create', '--on', 'cloud', '--name', 'alpha', '--size', '2gb'])
  expect(created.code, created.stderr).toBe(0)
  const repository = rehearsal.world.repository({ 'a.txt': 'committed\n' })
  const dispatched = (task: string) =>
    rehearsal.world.cli(['dispatch', '--agent', 'shell', '--workspace', 'alpha', task], { cwd: repository })
  const first = await dispatched('echo kept >b.txt; mkdir ignored; df --output=target . | tail -n 1')
  expect(first.code, `${first.stderr}\n${said()}`).toBe(0)
  expect(first.out).toBe('/workspace\n')
  await nothingRuns()
  const second = await dispatched('cat a.txt b.txt')
  expect(second.code, `${second.stderr}\n${said()}`).toBe(0)
  expect(second.out).toBe('committed\nkept\n')
  const machines = await nothingRuns()
  expect(new Set(machines.map(({ id }) => id)).size).toBe(2)
  expect(new Set(machines.map(({ zone }) => zone)).size).toBe(1)
})

it('nobody needed a permission that the stacks do not give', async () => {
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
