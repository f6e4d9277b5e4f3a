import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { agentIn } from '../support/agent-in.ts'
import { personAt } from './person.ts'
import type { Place } from './place.ts'

/** An agent that is spoken with. */
export const agentScenarios = (place: () => Place) => {
  it('takes follow-ups until it is terminated, and another session goes on with its branch', async () => {
    const { world } = place()
    const { begun, done, waits, hears } = personAt(place())
    const { cwd, flags } = agentIn(world)
    const id = await begun(['dispatch', '--interactive', ...flags, 'write the note'], { cwd })
    await waits(id, 'follow_up')
    await done(['send', id, 'again', 'please'])
    await hears(id, 'heard: again please')
    await waits(id, 'follow_up')
    await done(['terminate', id, '--wait'])
    await done(['pull', id], { cwd })
    expect(world.git(cwd, 'show', `remote/${id}:note.txt`)).toBe('new line\n')

    writeFileSync(join(cwd, 'note.txt'), 'mine\n')
    const next = (await done(['resume', id, '--detach', '--quiet', 'again', 'the docs'], { cwd })).trim()
    await hears(next, 'again the docs')
    await waits(next, 'follow_up')
    await done(['terminate', next, '--wait'])
    await done(['pull', next], { cwd })
    expect(world.git(cwd, 'show', `remote/${next}:note.txt`)).toBe('new line\n')
  })
}
