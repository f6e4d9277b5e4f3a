import { afterAll, beforeAll, expect, it } from 'vitest'
import { accepted } from '../../cli/accepted.ts'
import { connect } from '../../cli/connect.ts'
import { finishDispatch } from '../../cli/finish-dispatch.ts'
import { Flags } from '../../cli/flags.ts'
import { World } from '../support/world.ts'
import { testIo } from './test-io.ts'

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

it('a Ctrl-C while a session is being accepted leaves it running, and says so', async () => {
  await world.startDaemon()
  const { io, printed, interrupt } = testIo(world)
  const { session, isLeft } = await accepted(io, async () => {
    const made = await world.shell('sleep 1; echo went on')
    interrupt()
    return made
  })
  const rest = { io, connection: connect(io, { quiet: true }), session, flags: new Flags(new Map()), repositoryDir: undefined }
  expect(await finishDispatch({ ...rest, isLeft })).toBe(130)
  expect(printed.err).toContain(`detached; ${session.id} goes on. See it: remote attach ${session.id}`)
  expect((await world.ended(session.id)).outcome).toMatchObject({ outcome: 'succeeded' })
})
