import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, expect } from 'vitest'
import { version } from '../../cli/version.ts'
import type { Session } from '../../core/contract/session.ts'
import { type FakeCloud, openFakeCloud } from '../support/fake-cloud.ts'
import { type CloudWorld, openCloudWorld } from './cloud-world.ts'

/** Closed after each test of the file that imports this. */
export const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

type Entry = Record<string, unknown> & { apiUrl: string; socketUrl: string }
export const FAR = { ms: 180, measuredAt: new Date().toISOString() }
export const NEAR = { ms: 12, measuredAt: new Date().toISOString() }
export const OLD = '2026-01-01T00:00:00.000Z'

export const entryOf = (
  { apiUrl, socketUrl }: Pick<FakeCloud, 'apiUrl' | 'socketUrl'>,
  region: string,
  more: object = {},
): Entry => ({
  ...{ stack: 'remote', region, account: '111122223333', apiUrl, socketUrl, version: version() },
  ...{ readAt: OLD, ...more },
})

type Several = { here: CloudWorld; near: FakeCloud; far: FakeCloud; keep(clouds: Record<string, Entry>, preferred: string): void }
export const kept = (here: CloudWorld): { preferred?: string; clouds: Record<string, Entry> } =>
  JSON.parse(readFileSync(here.file, 'utf8'))

/** Two control planes that the user has found: the far one was used last. */
export const openSeveral = async (on = 'cloud'): Promise<Several> => {
  const here = await openCloudWorld({ on })
  const far = await openFakeCloud()
  open.push(here, far)
  far.regions.splice(0, 1, 'eu-west-1')
  // Ids of fakes are counted: those of one are none of the other's.
  for (let n = 0; n < 1000; n++) far.ports.ids.session()
  const near = here.cloud
  const keep = (clouds: Record<string, Entry>, preferred: string) =>
    writeFileSync(here.file, JSON.stringify({ preferred, clouds }))
  keep({ 'us-east-1': entryOf(near, 'us-east-1', NEAR), 'eu-west-1': entryOf(far, 'eu-west-1', FAR) }, 'eu-west-1')
  return { here, near, far, keep }
}

export const DISPATCH = ['dispatch', '--agent', 'shell', '--no-repo', '--detach', '--json', 'true']
export const dispatched = async (here: CloudWorld, ...more: string[]): Promise<Session> => {
  const { code, out, err } = await here.run([...DISPATCH, ...more])
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out)
}
export const has = async (cloud: FakeCloud, { id }: Session) => (await cloud.ports.sessions.get(id)) !== undefined
