import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openNeighbours } from '../../../agent-bootstrap/cloud/neighbours.ts'
import { sessionId } from '../../support/samples.ts'

let dir: string
let program: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'remote-neighbours-'))
  program = join(dir, 'session.sh')
  // As the machine's own: says what it was asked, and fails as long as a test wants it to.
  writeFileSync(
    program,
    `#!/bin/sh\nprintf '%s,' "$@" >>"${dir}/asked"; echo "$REMOTE_SESSION" >>"${dir}/asked"; [ ! -e "${dir}/fails" ]\n`,
  )
  chmodSync(program, 0o755)
})
const before = process.env['REMOTE_SESSION']
beforeEach(() => {
  process.env['REMOTE_SESSION'] = sessionId(1)
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
  if (before === undefined) delete process.env['REMOTE_SESSION']
  else process.env['REMOTE_SESSION'] = before
})

const asked = () => (existsSync(join(dir, 'asked')) ? readFileSync(join(dir, 'asked'), 'utf8').trim().split('\n') : [])
const [b, c] = [sessionId(2), sessionId(3)]
const start = (session: string, ttlSeconds: number | null = 90.5) => ({
  start: [{ session, attempt: 1, ttlSeconds }],
  end: [],
})

describe('a runner sees to its neighbours', () => {
  it('each is started once, however often it is said, and is none of its own processes', async () => {
    const neighbours = openNeighbours(program)
    for (const _ of [1, 2, 3]) neighbours.see(start(b))
    neighbours.see(start(c, null))
    await neighbours.settled()
    expect(asked()).toEqual([`start,${b},1,91,`, `start,${c},1,,`])
  })

  it('what failed is tried again when it is said again', async () => {
    const neighbours = openNeighbours(program)
    writeFileSync(join(dir, 'fails'), '')
    neighbours.see(start(b))
    await neighbours.settled()
    rmSync(join(dir, 'fails'))
    neighbours.see(start(b))
    await neighbours.settled()
    expect(asked()).toHaveLength(2)
  })

  it('one that was ended is reported from then on, and that is said at once', async () => {
    const neighbours = openNeighbours(program)
    let told = 0
    writeFileSync(join(dir, 'fails'), '')
    const order = { start: [], end: [{ session: b, attempt: 2 }] }
    neighbours.see(order, () => told++)
    await neighbours.settled()
    expect([neighbours.report(), told]).toEqual([{}, 0])
    rmSync(join(dir, 'fails'))
    for (const _ of [1, 2]) neighbours.see(order, () => told++)
    await neighbours.settled()
    expect([neighbours.report(), told]).toEqual([{ ended: [{ session: b, attempt: 2 }] }, 1])
    expect(asked()).toHaveLength(2)
  })

  it('what is no id never reaches the machine', async () => {
    const neighbours = openNeighbours(program)
    neighbours.see(start('s-1; reboot'))
    neighbours.see({ start: [], end: [{ session: b, attempt: 1.5 }] })
    await neighbours.settled()
    expect([asked(), neighbours.report()]).toEqual([[], {}])
  })
})
