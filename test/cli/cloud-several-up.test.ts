import { describe, expect, it } from 'vitest'
import { dispatched, has, kept, openSeveral } from './several-clouds.ts'

describe('what is up', () => {
  it('is listed with every cloud, its figures, and an arrow at what `cloud` means', async () => {
    const { here } = await openSeveral()
    const { out, err } = await here.run(['cloud', 'status'])
    expect(out).toMatch(/→ +cloud:us-east-1 +remote +111122223333 .* 12 ms +0\n/)
    expect(out).toMatch(/\n +cloud:eu-west-1 +remote +111122223333 .* 180 ms +0\n/)
    expect(err).toContain('no machine is up')
    const { clouds } = JSON.parse((await here.run(['cloud', 'status', '--json'])).out)
    expect(clouds).toMatchObject([
      { runtime: 'cloud:us-east-1', isCloud: true, ms: 12, machines: 0 },
      { runtime: 'cloud:eu-west-1', isCloud: false, ms: 180, machines: 0 },
    ])
  })

  it('is listed by config and doctor, without a word to AWS', async () => {
    const { here, near, far } = await openSeveral()
    expect((await here.run(['config', 'list'])).err).toContain(
      'cloud:us-east-1  stack remote in us-east-1, account 111122223333, 12 ms',
    )
    const { checks } = JSON.parse((await here.run(['doctor', '--json'])).out)
    const says = (name: string) => checks.find((one: { name: string }) => one.name === name)?.says
    expect(says('cloud:us-east-1')).toMatch(/12 ms away; the one that `cloud` means$/)
    expect(says('cloud:eu-west-1')).toMatch(/180 ms away$/)
    expect([near.heard, far.heard]).toEqual([[], []])
  })

  it('a terminal is found by connect and down in whichever cloud it is', async () => {
    const { here, far } = await openSeveral()
    const up = await here.run(['cloud', 'up', '--region', 'eu-west-1', '--detach', '--quiet'])
    const id = up.out.trim()
    far.scene = async ({ session, say }) => {
      const outcome = { outcome: 'terminated', code: 'terminated', reason: 'asked' } as const
      say({ type: 'attached', live: { attempt: 1, seq: 1 }, session })
      say({ type: 'complete', session: await far.change(session.id, { state: 'ended', outcome }) })
    }
    const down = await here.run(['cloud', 'down'])
    expect(down).toMatchObject({ code: 0, err: expect.stringContaining(`${id} is down`) })
    expect((await here.run(['cloud', 'down'])).code).toBe(3)
    expect(await here.run(['connect', 'cloud'])).toMatchObject({ code: 3, err: expect.stringContaining('remote cloud up') })
  })
})

describe('cloud status', () => {
  it('of clouds that all fail says of each why, and what is known of them', async () => {
    const { here, near, far } = await openSeveral()
    for (const cloud of [near, far]) cloud.refusals.push({ status: 403, body: '{"message":"Forbidden"}' })
    const { code, out, err } = await here.run(['cloud', 'status'])
    expect(err).toMatch(/cloud:us-east-1 is left out.*\nremote: cloud:eu-west-1 is left out/)
    expect({ code, out }).toEqual({ code: 5, out: expect.stringMatching(/us-east-1 .* no answer\n.*eu-west-1 .* no answer\n/) })
  })
})

describe('cloud forget', () => {
  it('forgets one here, by the name it is listed with, and leaves the others and AWS alone', async () => {
    const { here, near, far } = await openSeveral()
    expect((await here.run(['__complete', '--', 'cloud', 'forget', 'cloud:e'])).out).toBe('cloud:eu-west-1\tstack remote\n')
    const { code, err } = await here.run(['cloud', 'forget', 'cloud:us-east-1'])
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('remote cloud use --stack remote --region us-east-1') })
    expect(Object.keys(kept(here).clouds)).toEqual(['eu-west-1'])
    expect([near.heard, far.heard]).toEqual([[], []])
    expect(await has(far, await dispatched(here))).toBe(true)
  })

  it('of the last one ends the default that went there', async () => {
    const { here } = await openSeveral('')
    await here.run(['config', 'set', 'on', 'cloud'])
    expect((await here.run(['cloud', 'forget'])).code).toBe(3)
    expect((await here.run(['cloud.forget', 'eu-west-1', '--quiet'])).out).toBe('cloud:eu-west-1\n')
    expect((await here.run(['config', 'get', 'on'])).out).toBe('cloud\n')
    const last = await here.run(['cloud', 'forget', '--json'])
    expect(JSON.parse(last.out)).toMatchObject({ runtime: 'cloud:us-east-1', stack: 'remote' })
    expect((await here.run(['config', 'get', 'on'])).code).toBe(1)
    expect(await here.run(['cloud', 'forget'])).toMatchObject({ code: 3, err: expect.stringContaining('remote cloud use') })
  })

  it('refuses what is not in use, and says what is', async () => {
    const { here } = await openSeveral()
    const { code, err } = await here.run(['cloud', 'forget', 'cloud:ap-south-1'])
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('cloud:us-east-1, cloud:eu-west-1') })
  })
})
