import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { aSession } from '../support/samples.ts'
import { until } from '../support/world-processes.ts'
import { type CloudWorld, endWith, openCloudWorld, sceneOf } from './cloud-world.ts'

const worlds: CloudWorld[] = []
const open = async (on: 'local' | 'cloud') => {
  const world = await openCloudWorld({ on })
  worlds.push(world)
  return world
}
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

const LOCAL = ['dispatch', '--on', 'local', '--agent', 'shell', '--no-repo', '--detach', '--quiet']

describe('status', () => {
  it('shows both sides, newest first, each with its badge', async () => {
    const here = await open('local')
    const far = await here.dispatched('echo far')
    const near = (await here.run([...LOCAL, 'sleep 60'])).out.trim()
    const { out } = await here.run(['status'])
    expect(out).toMatch(new RegExp(`${far.id} +echo far +cloud +queued`))
    expect(out).toMatch(new RegExp(`${near} +sleep 60 +local +`))
    const { sessions } = JSON.parse((await here.run(['status', '--json'])).out)
    expect(sessions.map(({ id }: { id: string }) => id).sort()).toEqual([far.id, near].sort())
    expect((await here.run(['status', far.id])).out).toMatch(/cloud +queued/)
    await here.run(['terminate', near, '--now', '--wait'])
  })

  it('a side that fails or does not answer hides nothing of the other, and is one line', async () => {
    const here = await open('local')
    await here.dispatched()
    const near = (await here.run([...LOCAL, 'sleep 60'])).out.trim()
    here.cloud.refusals.push({ status: 403, body: '{"message":"Forbidden"}' })
    const failing = await here.run(['status', '--quiet'])
    expect(failing.out).toBe(`${near}\n`)
    expect(failing.err).toMatch(/^remote: cloud is left out: .*execute-api:Invoke.*\n$/)

    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    here.know({ apiUrl: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` })
    const began = performance.now()
    const slow = await here.run(['status', '--quiet'])
    silent.closeAllConnections()
    silent.close()
    expect(slow).toEqual({
      code: 0,
      out: `${near}\n`,
      err: expect.stringMatching(/^remote: cloud is left out: no answer within 10 s.*\n$/),
    })
    expect(performance.now() - began).toBeLessThan(14_000)
    await here.run(['terminate', near, '--now', '--wait'])
  })
})

describe('status --watch', () => {
  it('shows changes of both sides until Ctrl-C, and goes on when one is cut', async () => {
    const here = await open('local')
    const far = await here.dispatched('echo far')
    const leave = Promise.withResolvers<void>()
    let seen = ''
    const watching = here.run(['status', '--watch'], { interrupt: leave.promise, onOut: (text) => (seen += text) })
    await until('the cloud is watched', () => (here.cloud.sockets === 1 && seen.includes(`${far.id}  queued`)) || undefined)
    await here.cloud.change(far.id, { state: 'running' })
    await until('its change is shown', () => seen.includes(`${far.id}  running`) || undefined)
    const near = (await here.run([...LOCAL, 'exit 3'])).out.trim()
    await until('a change here is shown', () => seen.includes(`${near}  failed`) || undefined)
    here.cloud.cut()
    await until('the cloud is watched again', () => here.cloud.sockets === 2 || undefined)
    await endWith(here.cloud, far, [])
    await until('the end is shown', () => seen.includes(`${far.id}  succeeded`) || undefined)
    leave.resolve()
    expect((await watching).code).toBe(130)
  })
})

describe('a session', () => {
  it('in the cloud is found without starting a daemon when the cloud is the default', async () => {
    const here = await open('cloud')
    const { id } = await here.dispatched()
    for (const typed of [id, id.slice(2, 8)]) {
      expect(JSON.parse((await here.run(['status', typed, '--json'])).out)).toMatchObject({ id })
    }
    expect((await here.run(['explain', id])).code).toBe(0)
    expect((await here.run(['send', id, '--interrupt'])).code).toBe(0)
    expect((await here.run(['terminate', id, '--now'])).err).toContain('is being killed')
    expect(here.hasDaemon()).toBe(false)
  })

  it('of this machine is found though the cloud is the default; one that nobody has is looked for everywhere', async () => {
    const here = await open('cloud')
    const near = (await here.run([...LOCAL, 'echo near'])).out.trim()
    await here.run(['serve', '--stop'])
    expect((await here.run(['attach', near, '--quiet'])).out).toBe('near\n')
    expect(await here.run(['attach', 's-zzzzzzzzzz'])).toMatchObject({ code: 3, err: expect.stringContaining('s-zzzzzzzzzz') })
    expect(await here.run(['logs', 'zzz'])).toMatchObject({ code: 3 })
  })

  it('is ambiguous when both sides have one of that prefix', async () => {
    const here = await open('local')
    const near = (await here.run([...LOCAL, 'true'])).out.trim()
    const far = { ...aSession(1), id: `${near.slice(0, 4)}${near[4] === '0' ? '1' : '0'}aaaaaaa` }
    await here.cloud.ports.sessions.insert(far, undefined, { by: 'grace', what: 'dispatched' })
    const { code, err } = await here.run(['logs', near.slice(0, 4)])
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining(`${near} (local)`) })
    expect(err).toContain(`${far.id} (cloud)`)
    expect((await here.run(['logs', near])).code).toBe(0)
  })

  it('that could be in a cloud which does not answer is not said to be nowhere', async () => {
    const here = await open('local')
    await here.run(['serve'])
    here.cloud.refusals.push({ status: 503, body: '{"message":"Service Unavailable"}' })
    const { code, err } = await here.run(['logs', 's-0000000000'])
    expect({ code, err }).toEqual({ code: 75, err: expect.stringContaining('cloud does not say') })
  })

  it('is continued where it is', async () => {
    const here = await open('local')
    const { cloud } = here
    const before = await endWith(cloud, await here.dispatched(), [])
    cloud.scene = sceneOf(cloud, ['again\n'])
    const resumed = await here.run(['resume', before.id, 'once more', '--detach', '--json'])
    expect(resumed.code === 0 ? JSON.parse(resumed.out).request.resumes : resumed.err).toMatch(/^s-|shell/)
  })
})

describe('a secret that is what a command prints', () => {
  it('is kept here alone, and run here for cloud sessions; a command that others put into the cloud is not', async () => {
    const here = await open('cloud')
    const set = ['secrets', 'set', 'TOKEN', '--from-command', 'echo printed-here']
    expect(await here.run(set)).toMatchObject({ code: 5, err: expect.stringContaining('--on local') })
    expect((await here.run([...set, '--on', 'local'])).code).toBe(0)
    await here.cloud.plane.setSecretCommand('TOKEN', `touch ${here.world.dir}/was-here; echo from-elsewhere`, 'ada')
    const dispatch = ['dispatch', '--agent', 'shell', '--no-repo', '--detach', '--quiet', '--secret', 'TOKEN', 'true']
    expect((await here.run(dispatch)).code).toBe(0)
    const sent = here.cloud.heard.findLast(({ method, path }) => method === 'POST' && path === '/v1/sessions')
    expect(JSON.parse(sent?.body ?? '{}').credentials).toEqual({ TOKEN: 'printed-here' })
    expect(existsSync(`${here.world.dir}/was-here`)).toBe(false)
  })
})

describe('what is kept', () => {
  it('is kept where sessions go: by --on, else by the default', async () => {
    const here = await open('cloud')
    expect((await here.run(['secrets', 'set', 'TOKEN'], { stdin: 'far-far-away' })).err).toContain('TOKEN is stored')
    expect((await here.run(['secrets', 'set', 'NEAR', '--on', 'local'], { stdin: 'near-near' })).code).toBe(0)
    expect((await here.run(['secrets', 'list', '--quiet'])).out).toBe('TOKEN\n')
    expect((await here.run(['secrets', 'list', '--quiet', '--on', 'local'])).out).toBe('NEAR\n')
    const made = await here.run(['workspace', 'create', 'alpha', '--size', '10gb', '--json'])
    expect(JSON.parse(made.out)).toMatchObject({ name: 'alpha', runtime: 'cloud' })
    expect((await here.run(['workspace', 'list', '--on', 'local', '--quiet'])).out).toBe('')
    expect((await here.run(['workspace', 'delete', 'alpha', '--yes', '--quiet'])).out).toBe('alpha\n')
    expect((await here.run(['__complete', '--', 'dispatch', '--on', 'cl'])).out).toContain('cloud:us-east-1')
    expect((await here.run(['__complete', '--', 'dispatch', '--secret', ''])).out).toContain('TOKEN\tsecret, cloud')
  })
})
