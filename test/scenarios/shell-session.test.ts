import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { World } from '../support/world.ts'

describe('a shell session through the API', () => {
  let world: World
  beforeEach(async () => {
    world = new World()
    expect(await world.startDaemon()).toMatchObject({ ready: true })
  })
  afterEach(() => world.close())

  it('ends with the command’s own code, and leaves no process', async () => {
    const accepted = await world.shell('echo out; echo err >&2; exit 7')
    expect(accepted.state).toBe('queued')
    const session = await world.ended(accepted.id)
    expect(session.outcome).toMatchObject({ outcome: 'failed', exitCode: 7 })
    expect(world.running()).toEqual([])
  })

  it.each(['on', 'off'])('killed by a signal writes nothing that is not its own, with the sandbox %s', async (sandbox) => {
    const { id } = await world.shell('echo last words >&2; kill -9 $$', { sandbox })
    expect((await world.ended(id)).outcome).toMatchObject({ outcome: 'failed', exitCode: 137 })
    expect(world.output(id, 'stderr').toString()).toBe('last words\n')
  })
})
