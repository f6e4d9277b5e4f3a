import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSame, keyFor, keyOf, nearestKey, runtimeOfKey } from '../../../cli/cloud/cloud-names.ts'
import type { Cloud, Clouds } from '../../../cli/cloud/clouds-file.ts'
import { isCloud } from '../../../cli/runtime.ts'

const cloudOf = (region: string, stack: string, more: Partial<Cloud> = {}): Cloud => ({
  ...{ region, stack, apiUrl: `https://${region}.${stack}`, socketUrl: 'wss://x', version: '0.1.0', readAt: '' },
  ...more,
})
const clouds = fc.array(
  fc
    .tuple(
      fc.constantFrom('us-east-1', 'eu-west-1', 'cn-north-1'),
      fc.constantFrom('remote', 'Team-2'),
      fc.constantFrom('111122223333', '444455556666'),
    )
    .map(([region, stack, account]) => cloudOf(region, stack, { account, apiUrl: `https://${region}.${stack}.${account}` })),
  { maxLength: 20 },
)
const kept = (all: readonly Cloud[]) => {
  const known: Record<string, Cloud> = {}
  for (const cloud of all) known[keyFor(known, cloud)] = cloud
  return known
}

describe('names of clouds', () => {
  it('one cloud has one name, two clouds have two, and a name never comes to mean another one', () => {
    fc.assert(
      fc.property(clouds, (all) => {
        const known: Record<string, Cloud> = {}
        for (const cloud of all) {
          const before = { ...known }
          const key = keyFor(known, cloud)
          known[key] = cloud
          for (const [name, one] of Object.entries(before)) expect(isSame(known[name] as Cloud, one)).toBe(true)
          expect(isCloud(`cloud:${key}`)).toBe(true)
        }
        const values = Object.values(known)
        for (const one of values) expect(values.filter((other) => isSame(one, other))).toHaveLength(1)
      }),
    )
  })
  it('the whole name of a cloud is understood, whatever shorter one it has', () => {
    fc.assert(
      fc.property(clouds, (all) => {
        const known = kept(all)
        for (const [key, { region, stack, account }] of Object.entries(known)) {
          expect(keyOf(known, `${region}/${stack}@${account}`)).toBe(key)
          expect(keyOf(known, key)).toBe(key)
        }
      }),
    )
  })
  it('a profile tells apart what it is the only one of, and a name of two says nothing', () => {
    const known = kept([
      cloudOf('us-east-1', 'remote', { account: '1', profile: 'work' }),
      cloudOf('us-east-1', 'team'),
      cloudOf('us-east-1', 'remote', { account: '2', profile: 'home' }),
    ])
    expect(Object.keys(known)).toEqual(['us-east-1', 'us-east-1/team', 'us-east-1/remote'])
    expect(keyOf(known, 'us-east-1/remote@work')).toBe('us-east-1')
    expect(keyOf(known, 'us-east-1/remote@home')).toBe('us-east-1/remote')
    expect([keyOf(known, 'us-east-1/other'), keyOf(known, 'eu-west-1'), keyOf(known, 'us-east-1/remote@nobody')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
  it('where there is only one it is called `cloud`', () => {
    const one = kept([cloudOf('us-east-1', 'remote')])
    expect(runtimeOfKey(one, 'us-east-1')).toBe('cloud')
    expect(runtimeOfKey({ ...one, ...kept([cloudOf('eu-west-1', 'remote')]) }, 'us-east-1')).toBe('cloud:us-east-1')
  })
})

describe('the nearest', () => {
  const distances = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.float({ min: 0, max: 400, noNaN: true })), {
    minKeys: 1,
    noNullPrototype: true,
  })
  const at = (all: Record<string, number | null>): Clouds['clouds'] =>
    Object.fromEntries(Object.entries(all).map(([key, ms]) => [key, cloudOf(key, 'remote', ms === null ? {} : { ms })]))

  it('is never noticeably farther than any other that was measured, and is the one used last wherever that is so', () => {
    fc.assert(
      fc.property(distances, fc.constantFrom('a', 'b', 'c', 'd'), (all, preferred) => {
        const key = nearestKey({ preferred, clouds: at(all) })
        const last = all[preferred] === undefined ? (Object.keys(all)[0] ?? '') : preferred
        const measured = Object.values(all).filter((ms) => ms !== null)
        expect(Object.keys(all)).toContain(key)
        if (measured.length === 0) {
          expect(key).toBe(last)
          return
        }
        const best = Math.min(...measured)
        const isNear = (ms: number | null | undefined) => typeof ms === 'number' && ms <= best + Math.max(5, best / 5)
        expect(isNear(all[key ?? ''])).toBe(true)
        if (isNear(all[last])) expect(key).toBe(last)
        else expect(all[key ?? '']).toBe(best)
      }),
    )
  })
  it('is none where no cloud is used', () => {
    expect(nearestKey({ clouds: {} })).toBeUndefined()
  })
})
