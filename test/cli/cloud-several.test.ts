import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Session } from '../../core/contract/session.ts'
import { DISPATCH, dispatched, entryOf, FAR, has, kept, NEAR, OLD, open, openSeveral } from './several-clouds.ts'

describe('`cloud` alone', () => {
  it('is the nearest, whichever was used last', async () => {
    const { here, near, far } = await openSeveral()
    const session = await dispatched(here)
    expect([await has(near, session), await has(far, session)]).toEqual([true, false])
    const there = await dispatched(here, '--on', 'cloud:eu-west-1')
    expect([await has(near, there), await has(far, there)]).toEqual([false, true])
  })

  it('is the one that the user chose, where it was chosen', async () => {
    const { here, far } = await openSeveral('')
    await here.run(['config', 'set', 'on', 'cloud:eu-west-1'])
    expect(await has(far, await dispatched(here))).toBe(true)
    expect(await has(far, await dispatched(here, '--on', 'cloud'))).toBe(true)
    const up = await here.run(['cloud', 'up', '--detach', '--quiet'])
    expect(await far.ports.sessions.get(up.out.trim())).toBeDefined()
  })

  it('of two that are as near is the one used last, and so where nothing could be measured', async () => {
    const { here, near, far, keep } = await openSeveral()
    const measured = { ms: 14, measuredAt: NEAR.measuredAt }
    keep({ 'us-east-1': entryOf(near, 'us-east-1', NEAR), 'eu-west-1': entryOf(far, 'eu-west-1', measured) }, 'eu-west-1')
    expect(await has(far, await dispatched(here))).toBe(true)
    const { ms: _, ...unmeasured } = NEAR
    keep({ 'us-east-1': entryOf(near, 'us-east-1', unmeasured), 'eu-west-1': entryOf(far, 'eu-west-1', unmeasured) }, 'us-east-1')
    expect(await has(near, await dispatched(here))).toBe(true)
  })

  it('is measured again when the figures are old, and whoever is sent elsewhere is told', async () => {
    const { here, near, far, keep } = await openSeveral()
    // What was near does not answer any more; the other one is not as far as it was.
    const gone = entryOf({ apiUrl: 'http://127.0.0.1:1', socketUrl: near.socketUrl }, 'us-east-1', { ms: 12, measuredAt: OLD })
    keep({ 'us-east-1': gone, 'eu-west-1': entryOf(far, 'eu-west-1', { ms: 180, measuredAt: OLD }) }, 'us-east-1')
    const { code, out, err } = await here.run(DISPATCH)
    expect(code).toBe(0)
    expect(err).toMatch(/^remote: the nearest cloud is cloud:eu-west-1 \([\d.]+ ms\) now, and was cloud:us-east-1/)
    expect(await has(far, JSON.parse(out))).toBe(true)
    const { clouds } = kept(here)
    expect(clouds['us-east-1']).not.toHaveProperty('ms')
    expect(clouds['eu-west-1']?.['ms']).toBeLessThan(180)
    for (const { measuredAt } of Object.values(clouds)) expect(Date.now() - Date.parse(String(measuredAt))).toBeLessThan(60_000)
    expect((await here.run(DISPATCH)).err).toBe('')
  })
})

describe('two stacks in one region', () => {
  const openPair = async () => {
    const several = await openSeveral()
    const { here, near, far, keep } = several
    far.regions.splice(0, 1, 'us-east-1')
    const other = entryOf(far, 'us-east-1', { stack: 'team', ...NEAR })
    keep({ 'us-east-1': entryOf(near, 'us-east-1', NEAR), 'us-east-1/team': other }, 'us-east-1')
    return { ...several, here, first: near, second: far }
  }

  it('are two runtimes, each by a name of its own or the whole of it', async () => {
    const { here, first, second } = await openPair()
    expect(await has(first, await dispatched(here, '--on', 'cloud:us-east-1'))).toBe(true)
    expect(await has(first, await dispatched(here, '--on', 'cloud:us-east-1/remote'))).toBe(true)
    expect(await has(second, await dispatched(here, '--on', 'cloud:us-east-1/team'))).toBe(true)
    expect(await has(second, await dispatched(here, '--on', 'cloud:us-east-1/team@111122223333'))).toBe(true)
    const { out } = await here.run(['__complete', '--', 'dispatch', '--on', 'cloud:'])
    expect(out).toBe('cloud:us-east-1\tstack remote\ncloud:us-east-1/team\tstack team\n')
  })

  it('a session is found by its id in either, and what is dispatched --with it goes there', async () => {
    const { here, second } = await openPair()
    const { id } = await dispatched(here, '--on', 'cloud:us-east-1/team')
    for (const typed of [id, id.slice(0, 8)]) {
      expect((await here.run(['status', typed])).out).toMatch(/cloud:us-east-1\/team +queued/)
      expect((await here.run(['explain', typed])).code).toBe(0)
    }
    const said = await here.run([...DISPATCH, '--with', id, '--on', 'cloud:us-east-1'])
    expect(said).toMatchObject({ code: 2, err: expect.stringContaining('is on cloud:us-east-1/team, not on cloud:us-east-1') })
    const meant = await here.run([...DISPATCH, '--with', id, '--on', 'cloud:us-east-1/team@111122223333'])
    expect(meant.err).not.toContain('not on')
    expect((await here.run(['terminate', id, '--now'])).err).toContain('is being killed')
    expect(await second.ports.sessions.get(id)).toMatchObject({ stop: expect.anything() })
  })
})

describe('a cloud that does not answer', () => {
  const openSilent = async () => {
    const several = await openSeveral()
    const server = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(server, 'listening')
    open.push({
      close: async () => {
        server.closeAllConnections()
        server.close()
      },
    })
    const at = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const silent = entryOf({ apiUrl: `http://${at}`, socketUrl: `ws://${at}` }, 'sa-east-1', FAR)
    several.keep({ ...kept(several.here).clouds, 'sa-east-1': silent }, 'us-east-1')
    return several
  }

  it('is told by status, and hides nothing of the others', async () => {
    const { here } = await openSilent()
    const ids = [await dispatched(here), await dispatched(here, '--on', 'cloud:eu-west-1')].map(({ id }) => id)
    const { code, out, err } = await here.run(['status', '--json'])
    expect(code).toBe(0)
    expect(err).toMatch(/^remote: cloud:sa-east-1 is left out: no answer within 10 s.*\n$/)
    expect(
      JSON.parse(out)
        .sessions.map(({ id }: Session) => id)
        .toSorted(),
    ).toEqual(ids)
  })

  it('keeps nobody waiting who says the whole id of a session that another one has', async () => {
    const { here } = await openSilent()
    const { id } = await dispatched(here, '--on', 'cloud:eu-west-1')
    const began = performance.now()
    expect((await here.run(['explain', id])).code).toBe(0)
    expect(performance.now() - began).toBeLessThan(9000) // 10 s are what the silent one is given
  })
})

describe('a workspace', () => {
  const openWith = async (...clouds: ('near' | 'far')[]) => {
    const several = await openSeveral()
    const names = { near: 'cloud:us-east-1', far: 'cloud:eu-west-1' }
    for (const one of clouds)
      expect((await several.here.run(['workspace', 'create', 'alpha', '--size', '10gb', '--on', names[one]])).code).toBe(0)
    return several
  }

  it('draws what works on it to its own region, however far', async () => {
    const { here, far } = await openWith('far')
    const { code, out, err } = await here.run([...DISPATCH, '--workspace', 'alpha'])
    expect({ code, err }).toEqual({ code: 0, err: 'remote: workspace alpha is in cloud:eu-west-1, and so is this\n' })
    expect(await has(far, JSON.parse(out))).toBe(true)
    expect(JSON.parse((await here.run(['workspace', 'show', 'alpha', '--json'])).out)).toMatchObject({ name: 'alpha' })
  })

  it('of the same name in several clouds is the nearest one’s', async () => {
    const { here, near } = await openWith('near', 'far')
    expect(await has(near, await dispatched(here, '--workspace', 'alpha'))).toBe(true)
  })

  it('is where --on says, or refused there', async () => {
    const { here } = await openWith('far')
    const { code, err } = await here.run([...DISPATCH, '--workspace', 'alpha', '--on', 'cloud:us-east-1'])
    expect({ code, err }).toEqual({ code: 5, err: expect.stringContaining('there is no workspace alpha') })
  })
})
