import { gunzipSync } from 'node:zlib'
import { expect, it, vi } from 'vitest'
import { agentIn } from '../support/agent-in.ts'
import { idIn, personAt } from './person.ts'
import type { Place } from './place.ts'

const SECRET = 'hunter2-hunter2-hunter2'
/** As it may lie somewhere, compressed or not. */
const unpacked = (bytes: Buffer): Buffer => (bytes.readUInt16BE(0) === 0x1f8b ? gunzipSync(bytes) : bytes)

/** A secret is seen nowhere, whoever says it. */
export const secretScenarios = (place: () => Place) => {
  const isKnown = async () => {
    const { cli } = personAt(place())
    expect((await cli(['secrets', 'set', 'TOKEN'], { stdin: SECRET })).code).toBe(0)
  }
  /** Wherever somebody can look. */
  const isNowhere = async (id: string, ...seen: string[]) => {
    const { done } = personAt(place())
    const shown = [
      ['explain', id, '--timeline'],
      ['explain', id, '--json'],
      ['logs', id],
      ['logs', id, '--json'],
      ['status', id, '--json'],
      ['status', '--all'],
      ['secrets', 'list', '--json'],
    ]
    for (const args of shown) seen.push(await done(args))
    expect(seen.filter((text) => text.includes(SECRET))).toEqual([])
    // What a session was given is forgotten right after its end, which is told first; and another one may be under way beside this.
    const found = async () => {
      const stored = (await place().stored()).filter(({ length }) => length > 1).map(unpacked)
      expect(stored.some((bytes) => bytes.includes(id))).toBe(true)
      return stored.filter((bytes) => bytes.includes(SECRET)).map((bytes) => bytes.toString('latin1').slice(0, 400))
    }
    await vi.waitFor(async () => expect(await found()).toEqual([]), { timeout: 20_000, interval: 200 })
  }

  it('keeps a secret out of output, title, record, timeline and reason, and out of all that is stored', async () => {
    await isKnown()
    const { shell, done } = personAt(place())
    const halves = `printf %s "\${TOKEN%-*}"; sleep 1; echo "-\${TOKEN##*-}"`
    const encoded =
      'printf %s "$TOKEN" | base64; printf "x%s" "$TOKEN" | base64; printf %s "$TOKEN" | od -An -v -tx1 | tr -d " \\n"'
    const task = `echo "$TOKEN \${#TOKEN} ${SECRET}"; ${halves}; ${encoded}; echo ${SECRET} >&2; exec /nowhere/${SECRET}`
    const { code, out, stderr } = await shell('--secret', 'TOKEN', task)
    expect(code, stderr).not.toBe(0)
    expect(out).toContain(` ${SECRET.length} `)
    const id = idIn(stderr)
    const log = await done(['logs', id])
    for (const form of [Buffer.from(SECRET).toString('base64').slice(0, -2), Buffer.from(SECRET).toString('hex')])
      expect([out, log].filter((text) => text.includes(form))).toEqual([])
    expect(log).toContain('redacted')
    await isNowhere(id, out, stderr)
  })

  it('keeps it out of what an agent thinks, plans, does and says, and of the error it ends with', async () => {
    await isKnown()
    const { world } = place()
    const { cli, done } = personAt(place())
    const { cwd, flags } = agentIn(world)
    const { code, out, stderr } = await cli(['dispatch', ...flags, '--secret', 'TOKEN', `tell ${SECRET} to everybody`], { cwd })
    expect(code, stderr).toBe(1)
    const id = idIn(stderr)
    expect((await place().session(id)).outcome).toMatchObject({ outcome: 'failed', code: 'agent_error' })
    const events = (await done(['logs', id, '--json'])).split('\n').filter((line) => line.includes('redacted'))
    const types = new Set(events.map((line) => (JSON.parse(line) as { type: string }).type))
    for (const type of ['thought', 'plan', 'tool', 'message']) expect(types).toContain(type)
    await isNowhere(id, out, stderr)
  })
}
