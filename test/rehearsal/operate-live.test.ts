import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'

let rehearsal: Rehearsal
beforeAll(async () => {
  rehearsal = await openRehearsalInUse()
}, 300_000)
afterEach(() => rehearsal.cloud.control.clearFaults())
afterAll(() => rehearsal?.close())

const LIVE = ['cloud', 'doctor', '--live']
const instances = () => rehearsal.cloud.control.instances()

it('says what it will cost, and buys nothing where nobody says yes', async () => {
  const { code, stderr } = await rehearsal.cli(LIVE)
  expect([code, stderr]).toEqual([
    5,
    expect.stringMatching(/buys one t3\.small in us-east-1 for about 3 minutes: about \$0\.00\d\d[\s\S]*nobody is here to ask/),
  ])
  expect((await rehearsal.cli([...LIVE, '--instance', 'm9.nano', '--yes'])).stderr).toContain('no instance type m9.nano')
  expect((await rehearsal.cli(['cloud', 'doctor', '--spot'])).stderr).toContain('--spot belongs to --live')
  expect(await instances()).toEqual([])
})

it('one real session is timed from its request until nothing of it is there', async () => {
  const { code, out, stderr } = await rehearsal.cli([...LIVE, '--yes', '--json'])
  expect(code, stderr).toBe(0)
  const live = JSON.parse(out)
  expect(live).toMatchObject({ instance: 't3.small', spot: false, outcome: { outcome: 'succeeded' }, remains: [] })
  const { launched, hello, firstByte, ended, gone } = live.seconds
  for (const one of [launched, hello, firstByte, ended, gone]) expect(one).toBeGreaterThan(0)
  expect(firstByte).toBeGreaterThanOrEqual(hello)
  expect(ended).toBeGreaterThanOrEqual(firstByte)
  expect(gone).toBeGreaterThanOrEqual(ended)
  expect((await instances()).map(({ state, type }) => [state, type])).toEqual([['terminated', 't3.small']])
})

it('Ctrl-C ends what was bought, waits until it is gone, and says so', async () => {
  const child = rehearsal.world.start([...LIVE, '--yes'])
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (/launching|booting/.test(said) && !said.includes('ending')) child.kill('SIGINT')
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect([code, said]).toEqual([5, expect.stringMatching(/ending s-\w+[\s\S]*interrupted: s-\w+ was ended/)])
  expect((await instances()).every(({ state }) => state === 'terminated')).toBe(true)
})

it('a spot machine that cannot be had is told as what it is, with exit code 1', async () => {
  await rehearsal.cloud.control.fault({ code: 'VcpuLimitExceeded', pool: true })
  const { code, out, stderr } = await rehearsal.cli([...LIVE, '--spot', '--yes'])
  expect([code, out], stderr).toEqual([1, expect.stringMatching(/✗ session +s-\w+ refused: your account may not run more vCPUs/)])
  expect(out).toMatch(/✓ request → gone/)
})

it('nobody needed a permission that the stacks do not give', async () => {
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
