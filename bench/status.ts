import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { atMost, type Figure } from './figure.ts'
import { inWorld } from './in-world.ts'
import { interleaved, NODE, PROGRAM, timed } from './measure.ts'

/** What anybody would write to ask the same. */
const BARE = `
const { request } = require('node:http')
request({ socketPath: process.argv[2], path: '/v1/sessions?limit=100', agent: false }, (answer) => {
  let text = ''
  answer.on('data', (chunk) => (text += chunk))
  answer.on('end', () => { for (const { id, title, state } of JSON.parse(text).sessions) console.log(id, title, state) })
}).end()
`

const WHY =
  'the verbs and their flags, the settings, the table and its texts are 400 KB of code that is loaded (compiled once): about 11 ms, which is the goal'

export const status: Figure = {
  name: 'status',
  seconds: 60,
  run: () =>
    inWorld(async (world) => {
      for (let n = 0; n < 3; n++) await world.shell('sleep 1000', { sandbox: 'off' })
      const script = join(world.dir, 'bare.cjs')
      writeFileSync(script, BARE)
      const took = await interleaved(25, {
        bare: () => timed(NODE, [script, world.paths.socket], { env: world.env }),
        ours: () => timed(NODE, [PROGRAM, 'status'], { env: world.env, cwd: world.home }),
      })
      const row = atMost('remote status', took.ours, took.bare, 1.25, { ours: '', base: 'bare script: ' })
      return [{ ...row, why: WHY }]
    }),
}
