import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { idIn, personAt } from './person.ts'
import type { Place } from './place.ts'

const BINARY = String.raw`printf '\000\377\n\r\033[1m'; printf 'no newline at the end'; printf 'err\377' >&2; exit 42`

/** A command, from what the user sees to what comes home. */
export const commandScenarios = (place: () => Place) => {
  it('prints byte for byte what the command wrote, and ends with its code', async () => {
    const { shell } = personAt(place())
    const { code, stdout, stderr } = await shell('--quiet', BINARY)
    expect([code, stderr]).toEqual([42, Buffer.from('err\xff', 'latin1').toString()])
    expect(stdout).toEqual(Buffer.from('\0\xff\n\r\x1b[1mno newline at the end', 'latin1'))
  })

  it('records both streams in the order observed', async () => {
    const { shell, log } = personAt(place())
    const { code, stderr } = await shell('for n in 1 2 3; do echo out $n; sleep 1; echo err $n >&2; sleep 1; done')
    expect(code, stderr).toBe(0)
    const outputs = (await log(idIn(stderr))).flatMap((event) => (event.type === 'output' ? [event] : []))
    expect(outputs.map(({ stream }) => stream)).toEqual(Array.from({ length: 3 }, () => ['stdout', 'stderr']).flat())
  })

  it('killed by a signal writes nothing that is not its own', async () => {
    const { shell } = personAt(place())
    const { code, out, stderr } = await shell('--quiet', 'echo last words >&2; kill -9 $$')
    expect([code, out, stderr]).toEqual([137, '', 'last words\n'])
  })

  it('works on what the user sees, leaves it as it was, and brings a branch home', async () => {
    const { world } = place()
    const { cli } = personAt(place())
    const cwd = world.repository({ 'greeting.txt': 'hello\n', '.gitignore': 'ignored\n' })
    world.git(cwd, 'tag', 'before')
    execFileSync('sh', ['-c', 'echo changed > greeting.txt; echo new > new.txt; echo secret > ignored'], { cwd })
    const before = world.git(cwd, 'status', '--porcelain=v2', '--branch')
    const task = 'cat greeting.txt new.txt; ls ignored 2>/dev/null; echo done >> new.txt'
    const { code, out, stderr } = await cli(['dispatch', '--agent', 'shell', task], { cwd })
    expect([code, out], stderr).toEqual([0, 'changed\nnew\n'])
    expect(world.git(cwd, 'show', `remote/${idIn(stderr)}:new.txt`)).toBe('new\ndone\n')
    expect(world.git(cwd, 'status', '--porcelain=v2', '--branch')).toBe(before)
  })

  it('is one session however often it is sent at once, and another one is refused under the same key', async () => {
    const { api, runtime, session } = place()
    const { ended, done } = personAt(place())
    const send = (task: string, key: string) =>
      api<{ id: string; code?: string }>('POST', '/sessions', { task, agent: 'shell', runtime }, { 'idempotency-key': key })
    const key = crypto.randomUUID()
    const answers = await Promise.all(Array.from({ length: 100 }, () => send('echo once', key)))
    const ids = [...new Set(answers.map(({ status, body }) => `${status < 300} ${body.id}`))]
    expect(ids).toEqual([expect.stringMatching(/^true s-/)])
    expect(await send('echo other', key)).toMatchObject({ status: 409, body: { code: 'conflict' } })
    const id = answers[0]?.body.id ?? ''
    await ended(id)
    expect((await session(id)).attempts).toHaveLength(1)
    expect(await done(['logs', id])).toBe('once\n')
  })
}
