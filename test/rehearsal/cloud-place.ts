import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AwsClient } from 'aws4fetch'
import type { Session } from '../../core/contract/session.ts'
import type { Place } from '../scenarios/place.ts'
import type { Answer } from '../support/world.ts'
import { REGION } from './cloud.ts'
import { everythingStored } from './everything-stored.ts'
import { openOddMachines } from './odd-machines.ts'
import { openRehearsalInUse, type Rehearsal, type RehearsalOptions } from './rehearsal.ts'

/** Connections live for at most so long where the network is bad. */
const LIFE_MS = 700
const CUTS = 20

/** The rehearsed AWS. */
export const openCloudPlace = async (options: RehearsalOptions = {}): Promise<Place & { rehearsal: Rehearsal }> => {
  const dir = await mkdtemp(join(tmpdir(), 'remote-odd-machines-'))
  const odd = openOddMachines(dir)
  const rehearsal = await openRehearsalInUse({ ...options, odd: odd.layersOf })
  const { world, env, outputs, cloud, machines } = rehearsal
  const person = new AwsClient({
    accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    ...{ service: 'execute-api', region: REGION, retries: 0 },
  })
  const api = async <T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> => {
    const answer = await person.fetch(`${outputs['ApiUrl']}/v1${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as T }
  }
  const session = async (id: string): Promise<Session> => {
    const { status, body } = await api<Session>('GET', `/sessions/${id}`)
    if (status !== 200) throw new Error(`${id}: ${status} ${JSON.stringify(body)}`)
    return body
  }
  const place: Place & { rehearsal: Rehearsal } = {
    rehearsal,
    runtime: 'cloud',
    world,
    // Machines boot while others do.
    patienceSeconds: 240,
    // From its end on a machine says so, powers off, and AWS knows it.
    goneSeconds: 120,
    log: { megabytes: 4, seconds: 15 },
    api,
    session,
    running: async (id) =>
      (await cloud.control.instances())
        .filter(({ tags, state }) => tags['remote:session'] === id && state !== 'terminated')
        .map((instance) => `${instance.id} is ${instance.state}`),
    killRunner: async (id) => {
      const { attempts } = await session(id)
      const { machine, number } = attempts.at(-1) ?? {}
      const kill = ['kill', '--kill-whom=main', '--signal=KILL', `remote-runner@${id}-${number}.service`]
      await (await machines?.instances.get(machine ?? '')?.machine)?.run('systemctl', ...kill)
    },
    stored: () => everythingStored(cloud),
    odd: (oddity, scenario) => scenario({ place, flags: ['--instance', odd.typeOf(oddity)] }),
    onBadNetwork: async (scenario) => {
      let cuts = 0
      const breaking = setInterval(() => {
        cuts += cloud.front.drop()
      }, LIFE_MS)
      try {
        return await scenario({ env: {}, hasBrokenEnough: () => cuts >= CUTS, summary: () => `${cuts} cuts` })
      } finally {
        clearInterval(breaking)
      }
    },
    close: async () => {
      await rehearsal.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
  return place
}
