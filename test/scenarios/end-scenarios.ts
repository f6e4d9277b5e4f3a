import { expect, it } from 'vitest'
import { agentIn } from '../support/agent-in.ts'
import { idIn, personAt, SHELL } from './person.ts'
import type { Place } from './place.ts'

/** A time to sleep that no other process has: by it those are found that have lost whatever else they had of their session. */
const aMark = () => `600.${Math.random().toString().slice(2, 12)}`
const children = (mark: string) =>
  `setsid sleep ${mark} & env -i /bin/sleep ${mark} & nohup sleep ${mark} >/dev/null 2>&1 & (setsid env -i /bin/sleep ${mark} &) ;`

/** Whatever ends a session, its reason is told, its whole process tree goes, and what it has done so far is kept. */
export const endScenarios = (place: () => Place) => {
  it('expires at its ttl, with its output kept', async () => {
    const { shell, nothingRuns } = personAt(place())
    const mark = aMark()
    const { code, out, stderr } = await shell('--ttl', '3s', `${children(mark)} echo begun; sleep ${mark}`)
    expect([code, out], stderr).toEqual([124, 'begun\n'])
    const id = idIn(stderr)
    expect((await place().session(id)).outcome).toMatchObject({ outcome: 'expired', code: 'ttl' })
    await nothingRuns(id, mark)
  })

  it('is terminated gracefully: the command hears it and may still say something', async () => {
    const { cli, begun, hears, done, nothingRuns } = personAt(place())
    const mark = aMark()
    const id = await begun([...SHELL, `${children(mark)} trap 'echo bye; exit 3' TERM; echo begun; while :; do sleep 0.1; done`])
    await hears(id, 'begun')
    // What is looked for afterwards can be seen.
    expect(await place().running(id, mark)).not.toEqual([])
    const watching = cli(['attach', id, '--quiet', '--from', '1.1'])
    await done(['terminate', id, '--wait'])
    const { code, out } = await watching
    expect([code, out]).toEqual([130, expect.stringMatching(/^begun\nbye\n/)])
    expect((await place().session(id)).outcome).toMatchObject({ outcome: 'terminated' })
    await nothingRuns(id, mark)
  })

  it('is terminated twice: now', async () => {
    const { begun, hears, done, ended, nothingRuns } = personAt(place())
    const mark = aMark()
    // Whoever was asked once has 10 s: it uses them, and would be heard of.
    const task = `${children(mark)} trap 'sleep 9; echo too late' TERM; echo begun; while :; do sleep 0.1; done`
    const id = await begun([...SHELL, task])
    await hears(id, 'begun')
    await done(['terminate', id])
    await done(['terminate', id, '--wait'])
    const { outcome } = await ended(id)
    expect(outcome).toMatchObject({ outcome: 'terminated' })
    await nothingRuns(id, mark)
    expect(await done(['logs', id])).toBe('begun\n')
    // And a third time changes nothing.
    await personAt(place()).cli(['terminate', id])
    expect((await place().session(id)).outcome).toEqual(outcome)
  })

  it('waiting for nobody ends as idle, and its branch comes home', async () => {
    const { world } = place()
    const { begun, ended, done } = personAt(place())
    const { cwd, flags } = agentIn(world)
    const id = await begun(['dispatch', ...flags, '--interactive', '--idle', '3s', 'write the note'], { cwd })
    expect((await ended(id)).outcome).toMatchObject({ outcome: 'expired', code: 'idle' })
    await done(['pull', id], { cwd })
    expect(world.git(cwd, 'show', `remote/${id}:note.txt`)).toBe('new line\n')
  })

  it('ends over its budget, with what it made', async () => {
    const { world } = place()
    const { cli } = personAt(place())
    const { cwd, flags } = agentIn(world)
    const { code, stderr } = await cli(['dispatch', ...flags, '--max-cost', '0.10', 'spend 0.02 again and again'], { cwd })
    expect(code, stderr).toBe(121)
    const id = idIn(stderr)
    const { outcome, usage } = await place().session(id)
    expect(outcome).toMatchObject({ outcome: 'over_budget', code: 'max_cost' })
    // It spends two cents at a time, and not for long after the tenth.
    expect(usage.costUsd).toBeGreaterThanOrEqual(0.06)
    expect(usage.costUsd).toBeLessThan(0.5)
    expect(world.git(cwd, 'show', `remote/${id}:spent.txt`)).toMatch(/^0\.02\n0\.04\n0\.06\n/)
  })

  it('of an agent that crashes is told, and what it had made comes home', async () => {
    const { world } = place()
    const { cli } = personAt(place())
    const { cwd, flags } = agentIn(world)
    const { code, stderr } = await cli(['dispatch', ...flags, 'crash in the middle'], { cwd })
    expect(code, stderr).toBe(1)
    const id = idIn(stderr)
    expect((await place().session(id)).outcome).toMatchObject({ outcome: 'failed', code: 'agent_crashed' })
    expect(world.git(cwd, 'show', `remote/${id}:half.txt`)).toBe('half\n')
  })

  it('of an agent that is not there is told, with its name', async () => {
    const { world } = place()
    const { cli } = personAt(place())
    const agent = ['--agent', 'absent', '--agent-command', 'no-such-agent-program --acp', '--approve', 'auto']
    const { code, stderr } = await cli(['dispatch', ...agent, 'do it'], { cwd: world.repository() })
    const { outcome } = await place().session(idIn(stderr))
    expect([code, outcome], stderr).toEqual([
      expect.any(Number),
      expect.objectContaining({ reason: expect.stringContaining('no-such-agent-program') }),
    ])
    expect(code).not.toBe(0)
  })
}

/** The runner's own disk has no room any more. */
export const fullDiskScenarios = (place: () => Place) => {
  it.each([
    ['its log', 'head -c 20000000 /dev/zero; echo unreachable; sleep 60', 1_000_000],
    ['a file of its own, to the last byte', 'cat /dev/zero > fill; head -c 5000000 /dev/zero; sleep 60', 0],
  ])('ends when the disk is full of %s, and what was durable is kept', (_, task, least) =>
    place().odd({ name: 'a disk of a few megabytes' }, async ({ place: odd, flags }) => {
      const { cli, nothingRuns } = personAt(odd)
      const { code, stderr } = await cli([...SHELL, ...flags, task])
      const id = idIn(stderr)
      expect([code, (await odd.session(id)).outcome], stderr).toEqual([
        1,
        expect.objectContaining({ outcome: 'failed', code: 'disk_full' }),
      ])
      const { stdout } = await cli(['logs', id, '--quiet'])
      expect(stdout.length).toBeGreaterThanOrEqual(least)
      expect(stdout.every((byte) => byte === 0)).toBe(true)
      await nothingRuns(id, 'head -c 20000000')
    }),
  )
}
