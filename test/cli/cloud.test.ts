import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { waitForSeal } from '../../cli/follow/wait-for-seal.ts'
import { live, output } from '../support/fake-cloud.ts'
import type { RunOptions } from '../support/run-main.ts'
import { until } from '../support/world-processes.ts'
import { type CloudWorld, endWith, openCloudWorld, SUCCEEDED, sceneOf } from './cloud-world.ts'

let here: CloudWorld
beforeAll(async () => {
  here = await openCloudWorld()
})
afterAll(() => here.close())
beforeEach(() => {
  here.cloud.heard.length = 0
  here.cloud.atStore.length = 0
})

const ON = ['--on', 'cloud', '--agent', 'shell']
const texts = Array.from({ length: 12 }, (_, n) => `${n + 1}\n`)
const WHOLE = texts.join('')

describe('a session in the cloud', () => {
  it('is dispatched with a signed call, streams, and ends with its exit code; no daemon is started for it', async () => {
    const { cloud, run } = here
    cloud.scene = sceneOf(cloud, ['one\n', 'two\n'])
    const { code, out, err } = await run(['dispatch', ...ON, '--no-repo', 'echo one; echo two'])
    expect({ code, out }).toEqual({ code: 0, out: 'one\ntwo\n' })
    expect(err).toContain('succeeded')
    const sent = JSON.parse(cloud.heard.find(({ method, path }) => method === 'POST' && path === '/v1/sessions')?.body ?? '{}')
    expect(sent).toMatchObject({ runtime: 'cloud', task: 'echo one; echo two' })
    expect(sent.env).not.toHaveProperty('PATH')
    expect(sent.env).not.toHaveProperty('HOME')
    expect(here.hasDaemon()).toBe(false)
  })

  it('gets the repository straight into the bucket, packed, and brings its branch home from there', async () => {
    const { cloud, run, world } = here
    const dir = world.repository({ 'long.txt': 'the same line again\n'.repeat(5000) })
    const head = world.git(dir, 'rev-parse', 'HEAD').trim()
    const tree = world.git(dir, 'commit-tree', '-p', head, '-m', 'result', `${head}^{tree}`).trim()
    world.git(dir, 'branch', 'made', tree)
    world.git(dir, 'bundle', 'create', join(world.dir, 'result'), 'made', `^${head}`)
    world.git(dir, 'branch', '-D', 'made')
    const bundle = cloud.bundle(readFileSync(join(world.dir, 'result')))
    cloud.scene = async ({ session, say }) => {
      say({ type: 'attached', live: { attempt: 1, seq: 1 }, session })
      await endWith(cloud, session, [])
      const facts = { branch: `remote/${session.id}`, base: head, commit: tree, bundle }
      const result = { ...facts, files: 1, insertions: 1, deletions: 0 }
      say({ type: 'complete', session: await cloud.change(session.id, { result }) })
    }
    const { code, err } = await run(['dispatch', ...ON, 'true'], { cwd: dir })
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('remote/s-') })
    expect(world.git(dir, 'for-each-ref', '--format=%(objectname)', 'refs/heads/remote/').trim()).toBe(tree)
    const put = cloud.atStore.find(({ method }) => method === 'PUT')
    expect(put?.headers).toMatchObject({ 'x-amz-checksum-sha256': expect.any(String), 'content-length': expect.any(String) })
    expect(Number(put?.headers['content-length'])).toBeLessThan(5000)
    expect(cloud.atStore.every(({ headers }) => headers.authorization === undefined)).toBe(true)
    const calls = cloud.heard.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f]{64}/, 'SHA')}`)
    expect(calls.slice(1, 4)).toEqual(['POST /v1/bundles/SHA/upload', 'POST /v1/bundles/SHA/stored', 'POST /v1/sessions'])
    const sha256 = cloud.heard.find(({ path }) => path.endsWith('/upload'))?.path.split('/')[3] ?? ''
    const bytes = cloud.objects.get(`/bundles/${sha256}`) ?? Buffer.alloc(0)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)

    // What is there already is not sent again, and what S3 drops is.
    cloud.atStore.length = 0
    expect((await run(['dispatch', ...ON, '--detach', 'true'], { cwd: dir })).code).toBe(0)
    expect(cloud.atStore).toEqual([])
    world.git(dir, 'commit', '-q', '--allow-empty', '-m', 'second')
    cloud.storeRefusals.push({ status: 503, body: '<Code>SlowDown</Code>' })
    expect((await run(['dispatch', ...ON, '--detach', 'true'], { cwd: dir })).code).toBe(0)
    expect(cloud.atStore.map(({ method }) => method)).toEqual(['PUT', 'PUT'])
    const id = JSON.parse((await run(['status', '--all', '--json'])).out).sessions.at(-1).id
    expect((await run(['pull', id], { cwd: dir })).code).toBe(3)
  })

  it('a repository that S3 does not take is said with its words', async () => {
    const { cloud, run, world } = here
    const dir = world.repository({ 'a.txt': 'a\n' })
    cloud.storeRefusals.push({ status: 403, body: '<Error><Message>Access Denied by policy</Message></Error>' })
    expect(await run(['dispatch', ...ON, 'true'], { cwd: dir })).toMatchObject({
      code: 75,
      err: expect.stringContaining('Access Denied by policy'),
    })
  })
})

describe('its log', () => {
  const attach = async (id: string, more: Partial<RunOptions> = {}) => (await here.run(['attach', id, '--quiet'], more)).out

  it('history comes from segments, packed and fetched without our signature; live joins on', async () => {
    const { cloud } = here
    const session = await here.dispatched()
    for (const [n, text] of texts.slice(0, 6).entries()) await cloud.ports.segments.write(session.id, 1, 1, output(n + 1, text))
    await cloud.change(session.id, { attempts: [{ number: 1 }] })
    cloud.scene = async ({ session: now, say }) => {
      say({ type: 'attached', live: { attempt: 1, seq: 7 }, session: now })
      // Overlapping, as after a seal that another viewer caused.
      say(live(5, ...texts.slice(4, 9)))
      say(live(10, ...texts.slice(9)))
      say({ type: 'complete', session: { ...now, state: 'ended', outcome: SUCCEEDED } })
    }
    expect(await attach(session.id)).toBe(WHOLE)
    expect(cloud.atStore.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  it('`logs` of a running session has its machine seal first, and shows what it wrote this moment', async () => {
    const { cloud } = here
    const session = await here.dispatched()
    await cloud.ports.segments.write(session.id, 1, 1, output(1, 'before\n'))
    await cloud.change(session.id, { state: 'running', attempts: [{ number: 1 }] })
    let attached = 0
    cloud.scene = async ({ session: now, say }) => {
      say({ type: 'attached', live: { attempt: 1, seq: 2 }, session: now })
      // Another one watches: what it is sent says nothing of a seal.
      say(live(2, 'now\n'))
      if (++attached === 1) await cloud.ports.segments.write(now.id, 1, 1, output(2, 'now\n'))
      say({ type: 'live', attempt: 1, first: 2, last: 2 })
    }
    expect(await here.run(['logs', session.id])).toEqual({ code: 0, out: 'before\nnow\n', err: '' })
    expect((await here.run(['logs', session.id, '--tail', '1'])).out).toBe('now\n')
    expect(attached).toBe(2)
    await endWith(cloud, session, [])
    await here.run(['logs', session.id])
    expect(attached).toBe(2) // all there is is sealed
  })

  it('`logs` says that the end may be missing when the machine does not answer, and shows what there is', async () => {
    const { cloud } = here
    const session = await here.dispatched()
    await cloud.ports.segments.write(session.id, 1, 1, output(1, 'before\n'))
    await cloud.change(session.id, { state: 'running', attempts: [{ number: 1 }] })
    cloud.scene = async ({ fail }) => fail()
    const { code, out, err } = await here.run(['logs', session.id])
    expect({ code, out, err }).toEqual({
      code: 0,
      out: 'before\n',
      err: expect.stringContaining('the last minute may be missing'),
    })
    cloud.scene = async () => undefined
    const record = await here.cloud.change(session.id, {})
    const began = performance.now()
    const connection = {
      isNear: false,
      openSocket: async () => ({
        messages: (async function* () {
          await new Promise(() => undefined)
          yield { text: '' }
        })(),
        send: () => undefined,
        close: () => undefined,
      }),
    }
    expect(await waitForSeal(connection, record, 100)).toBe(false)
    expect(performance.now() - began).toBeLessThan(5000)
  })

  it('frames that overtake each other are put in order without another call', async () => {
    const { cloud } = here
    const session = await here.dispatched()
    await cloud.change(session.id, { attempts: [{ number: 1 }] })
    cloud.scene = async ({ session: now, say }) => {
      say({ type: 'attached', live: { attempt: 1, seq: 1 }, session: now })
      say(live(5, ...texts.slice(4, 8)))
      say(live(1, ...texts.slice(0, 4)))
      say(live(9, ...texts.slice(8)))
      say({ type: 'complete', session: { ...now, state: 'ended', outcome: SUCCEEDED } })
    }
    cloud.sockets = 0
    cloud.heard.length = 0
    expect(await attach(session.id)).toBe(WHOLE)
    expect(cloud.sockets).toBe(1)
    expect(cloud.heard.filter(({ path }) => path.includes('/log'))).toEqual([])
  })

  it('what is announced without its records, and what got lost, is read from segments', async () => {
    const { cloud } = here
    const session = await here.dispatched()
    await cloud.change(session.id, { attempts: [{ number: 1 }] })
    cloud.scene = async ({ session: now, say }) => {
      say({ type: 'attached', live: { attempt: 1, seq: 1 }, session: now })
      for (const [n, text] of texts.slice(0, 7).entries()) await cloud.ports.segments.write(now.id, 1, 1, output(n + 1, text))
      say({ type: 'live', attempt: 1, first: 1, last: 4 })
      say(live(8, ...texts.slice(7)))
      // 5 to 7 never came, and nothing more comes until they were asked for.
      await until('it is read from segments', () => cloud.heard.some(({ path }) => path.includes('/log')) || undefined)
      say({ type: 'complete', session: { ...now, state: 'ended', outcome: SUCCEEDED } })
    }
    cloud.sockets = 0
    expect(await attach(session.id)).toBe(WHOLE)
    expect(cloud.sockets).toBe(1)
  })

  it('a connection that is cut is made again from where it broke, with a fresh seal for what only was live', async () => {
    const { cloud } = here
    const session = await here.dispatched()
    await cloud.change(session.id, { attempts: [{ number: 1 }] })
    const froms: number[] = []
    let printed = ''
    const onOut = (text: string) => {
      printed += text
    }
    cloud.scene = async ({ session: now, from, say, cut, fail }) => {
      froms.push(from.seq)
      if (froms.length === 2) return fail()
      if (froms.length === 1) {
        say({ type: 'attached', live: { attempt: 1, seq: 1 }, session: now })
        say(live(1, ...texts.slice(0, 3)))
        await until('they are printed', () => printed.endsWith('3\n') || undefined)
        return cut()
      }
      say({ type: 'attached', live: { attempt: 1, seq: 9 }, session: now })
      for (const [n, text] of texts.slice(0, 8).entries()) await cloud.ports.segments.write(now.id, 1, 1, output(n + 1, text))
      say(live(9, ...texts.slice(8)))
      say({ type: 'complete', session: { ...now, state: 'ended', outcome: SUCCEEDED } })
    }
    expect(await attach(session.id, { onOut })).toBe(WHOLE)
    expect(froms).toEqual([1, 4, 4])
  })

  it('logs prints what is durable, also when an address has expired in between', async () => {
    const { cloud, run } = here
    const session = await endWith(cloud, await here.dispatched(), texts)
    expect((await run(['logs', session.id])).out).toBe(WHOLE)
    expect((await run(['logs', session.id, '--tail', '2'])).out).toBe('11\n12\n')
    cloud.storeRefusals.push({ status: 503, body: '<Code>SlowDown</Code>' })
    expect((await run(['logs', session.id])).out).toBe(WHOLE)
    cloud.storeRefusals.push({ status: 403, body: '<Code>AccessDenied</Code><Message>Request has expired</Message>' })
    expect(await run(['logs', session.id])).toMatchObject({ code: 75, err: expect.stringContaining('has expired') })
  })
})

describe('nothing of the credentials', () => {
  it('is on the disk or on the screen', async () => {
    const { world, file, run } = here
    expect(existsSync(file)).toBe(true)
    const { out, err } = await run(['status', '--all'])
    const kept = readFileSync(file, 'utf8')
    for (const text of [kept, out, err]) expect(text).not.toMatch(/AKIA|a secret of the fake cloud/)
    expect(world.env['AWS_SECRET_ACCESS_KEY']).toBe('a secret of the fake cloud')
  })
})
