import { expect, it } from 'vitest'
import { idIn, personAt, SHELL } from './person.ts'
import type { Place } from './place.ts'

const REPOSITORY = {
  'remote.toml': '[setup]\ncommands = ["echo made > made.txt"]\ninputs = ["lock"]\n',
  lock: '1\n',
  'a.txt': 'one\n',
}

/** A runner that dies takes neither the session nor its work with it. */
export const crashScenarios = (place: () => Place, points: readonly number[]) => {
  it.for(points)('a runner that dies at its point %i is replaced: setup, command and result are there once', (at) =>
    place().odd({ name: 'a runner that dies', at }, async ({ place: odd, flags }) => {
      const { cli, log, nothingRuns } = personAt(odd)
      const cwd = odd.world.repository(REPOSITORY)
      const task = 'cat made.txt >> a.txt; echo done'
      const { code, stderr } = await cli(['dispatch', '--agent', 'shell', '--retries', '1', ...flags, task], { cwd })
      expect(code, stderr).toBe(0)
      const id = idIn(stderr)
      const { attempts, outcome } = await odd.session(id)
      expect(outcome).toMatchObject({ outcome: 'succeeded', exitCode: 0 })
      expect(attempts.map(({ lost }) => lost)).toEqual([expect.any(String), undefined])
      expect(odd.world.git(cwd, 'show', `remote/${id}:a.txt`)).toBe('one\nmade\n')
      const events = await log(id)
      expect(events.filter(({ type, position }) => type === 'gap' && position === '2.1')).toHaveLength(1)
      for (const attempt of [1, 2]) {
        const seqs = events.filter(({ position }) => position.startsWith(`${attempt}.`)).map(({ seq }) => seq)
        expect(seqs).toEqual(seqs.map((_, n) => n + 1))
      }
      await nothingRuns(id, task)
    }),
  )

  it('with retries left, a lost command runs again and the log tells of the gap', async () => {
    const { cli, begun, hears, log, nothingRuns } = personAt(place())
    const mark = `600.${Math.random().toString().slice(2, 12)}`
    // Only its first run hangs: its number is in the environment.
    const task = `echo try $REMOTE_ATTEMPT; [ "$REMOTE_ATTEMPT" = 2 ] || exec sleep ${mark}`
    const id = await begun([...SHELL, '--retries', '1', task])
    await hears(id, 'try 1')
    await place().killRunner(id)
    const { code, out } = await cli(['attach', id, '--quiet', '--from', '1.1'])
    expect([code, out]).toEqual([0, 'try 1\ntry 2\n'])
    const { attempts } = await place().session(id)
    expect(attempts.map(({ lost }) => lost)).toEqual([expect.any(String), undefined])
    const gaps = (await log(id)).filter(({ type }) => type === 'gap')
    expect(gaps).toMatchObject([{ position: '2.1', from: expect.stringMatching(/^1\./) }])
    await nothingRuns(id, mark)
  })

  it('without them the session ends as lost, and what it had written is there', async () => {
    const { cli, begun, hears, nothingRuns } = personAt(place())
    const mark = `600.${Math.random().toString().slice(2, 12)}`
    const id = await begun([...SHELL, `echo before; exec sleep ${mark}`])
    await hears(id, 'before')
    await place().killRunner(id)
    const { code, out } = await cli(['attach', id, '--from', '1.1'])
    expect([code, out]).toEqual([122, 'before\n'])
    expect((await place().session(id)).outcome).toMatchObject({ outcome: 'lost' })
    await nothingRuns(id, mark)
  })
}
