import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { personAt } from './person.ts'
import type { Place } from './place.ts'

const SOURCE = fileURLToPath(new URL('../support/binary-source.mjs', import.meta.url))
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** What a viewer prints is what was written, whatever happens in between. */
export const logScenarios = (place: () => Place) => {
  it('a viewer prints the exact bytes through a network that breaks again and again', async () => {
    const { world, log, runtime } = place()
    const { begun, cli, ended } = personAt(place())
    const expected = spawnSync(process.execPath, [SOURCE, String(log.megabytes), '0'], { maxBuffer: 128 * 1024 * 1024 })
    const cwd = world.repository({ 'source.mjs': readFileSync(SOURCE, 'utf8') })
    let viewers = 0
    const source = ['dispatch', '--agent', 'shell', `node source.mjs ${log.megabytes} ${log.seconds}`]
    const id = await begun(source, { cwd })
    const view = async (env: Record<string, string>) => {
      const seen = await cli(['attach', id, '--quiet', '--from', '1.1'], { env })
      if (seen.code !== 0) throw new Error(`the viewer ended with ${seen.code}: ${seen.stderr.slice(-500)}`)
      expect(seen.stderr.length).toBe(expected.stderr.toString().length)
      expect(digest(seen.stdout)).toBe(digest(expected.stdout))
    }
    await place().onBadNetwork(async ({ env, hasBrokenEnough, summary }) => {
      for (; viewers === 0 || !hasBrokenEnough(); viewers++) await view(env)
      console.log(`${runtime}: ${summary()}, ${viewers} viewers, ${log.megabytes} MB`)
    })
    expect(digest((await cli(['logs', id, '--quiet'])).stdout)).toBe(digest(expected.stdout))
    expect((await ended(id)).outcome).toMatchObject({ outcome: 'succeeded' })
  })
}
