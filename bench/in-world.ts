import { World } from '../test/support/world.ts'

const open = new Set<World>()

/** A machine of its own with a warm daemon; whatever it started is gone afterwards. */
export const inWorld = async <T>(work: (world: World) => Promise<T>, start = true): Promise<T> => {
  const world = new World()
  open.add(world)
  try {
    if (start) {
      const said = await world.startDaemon()
      if (!said.ready) throw new Error(`the daemon did not start: ${JSON.stringify(said)}`)
    }
    return await work(world)
  } finally {
    if (open.delete(world)) await world.close()
  }
}

/** For a figure that ran out of time. */
export const closeWorlds = async (): Promise<void> => {
  const left = [...open]
  open.clear()
  await Promise.all(left.map((world) => world.close()))
}
