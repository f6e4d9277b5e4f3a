import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Audit } from '../../core/contract/audit.ts'
import { type RunOptions, runMain } from '../support/run-main.ts'
import { World } from '../support/world.ts'

let world: World
beforeAll(() => {
  world = new World()
})
afterAll(() => world.close())

const run = (argv: string[], options: Partial<RunOptions> = {}) => runMain(argv, { env: world.env, cwd: world.home, ...options })

describe('workspaces', () => {
  it('are copied as they are now, begin with such a copy, and become larger', async () => {
    await run(['workspace', 'create', 'origin', '--size', '5gb'])
    const written = await world.shell('echo first >file; ln -s file link; chmod 700 file', { workspace: 'origin' })
    expect((await world.cli(['attach', written.id])).code).toBe(0)
    const taken = await run(['workspace', 'snapshot', 'origin', '--quiet'])
    expect(taken.out).toMatch(/^snap-[0-9a-f]{16}\n$/)
    const id = taken.out.trim()
    const changed = await world.shell('echo second >file', { workspace: 'origin' })
    expect((await world.cli(['attach', changed.id])).code).toBe(0)
    expect((await run(['workspace', 'create', 'copy', '--from-snapshot', id])).code).toBe(0)
    const read = await world.shell('cat link; stat -c %a file', { workspace: 'copy' })
    expect((await world.cli(['attach', read.id])).out).toBe('first\n700\n')
    expect((await run(['workspace', 'show', 'origin'])).out).toContain(`snapshot   ${id}`)

    expect(await run(['workspace', 'resize', 'origin', '--size', '9gb'])).toMatchObject({ code: 0 })
    expect((await run(['workspace', 'show', 'origin'])).out).toContain('size       9 GB')
    expect(await run(['workspace', 'resize', 'origin', '--size', '1gb'])).toMatchObject({
      code: 5,
      err: expect.stringContaining('has 9 GB, and a disk cannot become smaller'),
    })
    expect(await run(['workspace', 'move', 'origin', '--zone', 'us-east-1a'])).toMatchObject({
      code: 5,
      err: expect.stringContaining('has no zones'),
    })
    expect((await run(['workspace', 'snapshot', 'origin', '--delete', id])).code).toBe(0)
    expect(await run(['workspace', 'create', 'late', '--from-snapshot', id])).toMatchObject({ code: 3 })
    for (const name of ['origin', 'copy']) expect((await run(['workspace', 'delete', name, '--yes'])).code).toBe(0)
  })
  it('are made, listed, shown and deleted by name', async () => {
    const made = await run(['workspace', 'create', '--name', 'alpha', '--size', '5gb', '--json'])
    expect([made.code, JSON.parse(made.out)]).toMatchObject([0, { name: 'alpha', sizeBytes: 5 * 1024 ** 3, runtime: 'local' }])
    expect((await run(['workspace.list', '--quiet'])).out).toBe('alpha\n')
    expect((await run(['workspace', 'list'])).out).toMatch(/^NAME +WHERE +SIZE.*\nalpha +local +5 GB/)
    expect((await run(['workspace', 'show', 'alpha'])).out).toContain('held by    nobody')
    expect(await run(['workspace', 'create', 'alpha'])).toMatchObject({ code: 4, err: expect.stringContaining('alpha') })
    expect(await run(['workspace', 'delete', 'alpha', '--yes', '--quiet'])).toEqual({ code: 0, out: 'alpha\n', err: '' })
    expect((await run(['workspace', 'list', '--json'])).out).toBe('{"workspaces":[]}\n')
  })

  it('are deleted only when their name is typed again', async () => {
    await run(['workspace', 'create', 'beta'])
    expect(await run(['workspace', 'delete', 'beta'])).toMatchObject({ code: 5, err: expect.stringContaining('--yes') })
    expect(await run(['workspace', 'delete', 'beta'], { typed: 'bate\n' })).toMatchObject({ code: 5 })
    expect((await run(['workspace', 'list', '--quiet'])).out).toBe('beta\n')
    expect(await run(['workspace', 'delete', 'beta'], { typed: 'beta\n' })).toMatchObject({ code: 0 })
    expect((await run(['workspace', 'list', '--quiet'])).out).toBe('')
  })

  it('are not deleted while a session holds one', async () => {
    await run(['workspace', 'create', 'held'])
    const session = await world.shell('sleep 60', { workspace: 'held' })
    expect(await run(['workspace', 'delete', 'held', '--yes'])).toMatchObject({
      code: 4,
      err: expect.stringContaining(session.id),
    })
    await run(['terminate', session.id, '--now', '--wait'])
    expect(await run(['workspace', 'delete', 'held', '--yes'])).toMatchObject({ code: 0 })
  })

  it.each([
    [['create'], 2, 'a workspace needs a name'],
    [['create', 'A B'], 2, 'cannot name a workspace'],
    [['create', 'x', '--size', 'huge'], 2, '--size: `huge` is not a size'],
    [['create', 'x', '--name', 'y'], 2, 'two names were given'],
    [['show', 'nothing'], 3, 'nothing'],
    [['delete', 'nothing', '--yes'], 3, 'nothing'],
  ] as const)('workspace %j is refused with what is wrong', async (words, code, says) => {
    expect(await run(['workspace', ...words])).toMatchObject({ code, out: '', err: expect.stringContaining(says) })
  })
})

describe('audit', () => {
  it('says who did what, when and how it ended, newest first', async () => {
    await run(['workspace', 'create', 'seen'])
    await run(['secrets', 'set', 'SEEN'], { stdin: 'never-shown-1' })
    expect((await run(['dispatch', '--agent', 'shell', '--no-repo', '--quiet', '--workspace', 'seen', 'true'])).code).toBe(0)
    const [session] = (await run(['status', '--all', '--quiet'])).out.split('\n')
    expect((await run(['workspace', 'delete', 'seen', '--yes'])).code).toBe(0)

    const { out } = await run(['audit', '--json', '--about', 'seen'])
    const { entries } = JSON.parse(out) as Audit
    expect(entries.map(({ what, ended }) => [what, ended?.code])).toEqual([
      ['workspace delete', 'done'],
      ['workspace create', 'done'],
    ])
    const by = entries[0]?.by ?? ''
    expect(by).not.toBe('unknown')
    const shown = await run(['audit', '--by', by])
    expect(shown.out).toMatch(new RegExp(`^WHEN .*\n.*Z  ${by} +workspace delete +workspace seen +done`))
    expect(shown.out).toMatch(/secret set +secret SEEN +done/)
    expect(shown.out).toMatch(new RegExp(`dispatched +session ${session} +done`))
    expect(shown.out).not.toContain('never-shown-1')
    await run(['secrets', 'delete', 'SEEN'])
    expect(await run(['audit', '--by', 'nobody-here'])).toEqual({ code: 0, out: '', err: 'nobody did anything\n' })
  })
})

describe('secrets', () => {
  it('come from stdin, a prompt that shows nothing, or a command; and reach only the sessions that name them', async () => {
    expect(await run(['secrets', 'set', 'PIPED'], { stdin: 'from-stdin-1\n' })).toMatchObject({ code: 0 })
    const asked = await run(['secrets', 'set', 'TYPED'], { typed: 'from-promx\u007fpt-2\r' })
    expect(asked).toMatchObject({ code: 0 })
    expect(asked.err).not.toContain('from-prom')
    expect(await run(['secrets', 'set', 'PRINTED', '--from-command', 'printf from-command-3'])).toMatchObject({ code: 0 })
    expect((await run(['secrets', 'list', '--quiet'])).out.split('\n').sort()).toEqual(['', 'PIPED', 'PRINTED', 'TYPED'])

    const task =
      'for v in "$PIPED" "$TYPED" "$PRINTED"; do printf "%s" "$v" | wc -c | tr -d " \\n"; printf ,; done; echo "$TYPED"'
    const all = ['--secret', 'PIPED', '--secret', 'TYPED', '--secret', 'PRINTED']
    const { out } = await run(['dispatch', '--agent', 'shell', '--no-repo', '--quiet', ...all, task])
    expect(out).toMatch(/^12,13,14,/)
    expect(out).not.toContain('from-prompt-2')
    expect((await run(['dispatch', '--agent', 'shell', '--no-repo', '--quiet', task])).out).toMatch(/^0,0,0,/)
  })

  it('are forgotten by name', async () => {
    await run(['secrets', 'set', 'GONE'], { stdin: 'long-enough' })
    expect(await run(['secrets', 'delete', 'GONE', '--quiet'])).toEqual({ code: 0, out: 'GONE\n', err: '' })
    expect((await run(['secrets', 'list', '--quiet'])).out).not.toContain('GONE')
    expect(await run(['secrets', 'delete', 'GONE'])).toMatchObject({ code: 3 })
    expect(await run(['dispatch', '--agent', 'shell', '--no-repo', 'true', '--secret', 'GONE'])).toMatchObject({
      code: 5,
      err: expect.stringContaining('GONE'),
    })
  })

  it.each([
    [['set', 'SHORT'], 'short\n', 5, 'the value has 5 characters'],
    [['set', '1BAD'], 'long-enough', 2, 'cannot name a secret'],
    [['set', 'EMPTY', '--from-command', ' '], '', 2, '--from-command is empty'],
    [['set', 'LARGE'], 'x'.repeat(70_000), 2, 'at most 64 KB'],
  ])('secrets %j is refused, and the value is not repeated', async (words, stdin, code, says) => {
    const { err, ...rest } = await run(['secrets', ...words], { stdin })
    expect(rest).toEqual({ code, out: '' })
    expect(err).toContain(says)
    expect(err).not.toContain('no-secret-here')
  })

  it('of a command are what it prints at each dispatch, and on no disk once the session has ended', async () => {
    const source = join(world.dir, 'source')
    const ask = (...task: string[]) => run(['dispatch', '--agent', 'shell', '--no-repo', '--quiet', '--secret', 'LIVE', ...task])
    expect(await run(['secrets', 'set', 'LIVE', '--from-command', `cat ${source}`])).toMatchObject({ code: 0 })
    expect((await run(['secrets', 'list'])).out).toMatch(/LIVE +– .*cat /)

    const failed = await ask('true')
    expect(failed).toMatchObject({ code: 5, out: '', err: expect.stringContaining('the command of secret LIVE ended with 1') })
    for (const value of ['first-printed-value', 'the-second-printed-value']) {
      writeFileSync(source, `${value}\n`)
      const { out } = await ask('printf %s "$LIVE" | wc -c; echo "$LIVE"')
      expect(out).toMatch(new RegExp(`^ *${value.length}\n`))
      expect(out).not.toContain(value)
      expect(() => execFileSync('grep', ['-rq', value, world.paths.data, world.paths.state])).toThrow()
    }
    writeFileSync(source, 'short')
    expect(await ask('true')).toMatchObject({ code: 5, err: expect.stringContaining('has 5 characters') })
  })

  it('an empty prompt changes nothing', async () => {
    expect(await run(['secrets', 'set', 'NEVER'], { typed: '\u0003' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('nothing was entered'),
    })
  })
})
