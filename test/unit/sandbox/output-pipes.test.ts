import { closeSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { OutputPipe } from '../../../agent-bootstrap/agents/output-pipes.ts'

let dir: string
beforeEach(() => {
  vi.resetModules()
  dir = mkdtempSync(join(tmpdir(), 'remote-pipes-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** As in a process of its own: what is asked once is asked again. */
const fresh = async () => ({
  ...(await import('../../../agent-bootstrap/sandbox-available.ts')),
  ...(await import('../../../agent-bootstrap/agents/output-pipes.ts')),
})

const ended = (pipes: readonly OutputPipe[]) => {
  for (const { writeFd } of pipes) closeSync(writeFd)
  return Promise.all(pipes.map(({ read }) => read(async () => undefined)))
}

describe.each(['sandboxAvailable', 'pidNamespaceAvailable'] as const)('pipes made by what %s starts', (isolation) => {
  it('are there when it works, and it is told that it does', async () => {
    const pipes = await fresh()
    const alone = await (await fresh())[isolation]()
    vi.resetModules()
    const asked = vi.fn(pipes[isolation])
    pipes.prepareOutputPipes(dir, asked)
    const opened = Object.values(await pipes.openOutputPipes(dir))
    expect(asked).toHaveBeenCalledTimes(1)
    expect(await pipes[isolation]()).toEqual(alone)
    expect(readdirSync(dir)).toEqual([]) // opened, nobody else can
    await ended(opened)
  })

  it('an errand that fails does not say that there is no isolation', async () => {
    const alone = await (await fresh())[isolation]()
    vi.resetModules()
    const pipes = await fresh()
    expect(await pipes[isolation]({ dir, command: 'false', args: [] })).toEqual(alone)
  })
})

it('pipes that nothing isolated could make are made all the same', async () => {
  const pipes = await fresh()
  pipes.prepareOutputPipes(dir, async () => ({ ok: false, why: 'there is none' }))
  await ended(Object.values(await pipes.openOutputPipes(dir)))
})

it('pipes that are not needed are taken away', async () => {
  const pipes = await fresh()
  pipes.prepareOutputPipes(dir, pipes.pidNamespaceAvailable)
  await pipes.dropOutputPipes()
  expect(readdirSync(dir).filter((name) => lstatSync(join(dir, name)).isFIFO())).toEqual([])
})
