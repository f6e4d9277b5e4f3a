import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { World } from '../test/support/world.ts'
import { until } from '../test/support/world-processes.ts'
import type { Figure, Row } from './figure.ts'
import { inWorld } from './in-world.ts'
import { interleaved, timed } from './measure.ts'
import { watchGrowth } from './memory.ts'
import { openPrivateSshd } from './private-sshd.ts'
import { attach } from './viewer-client.ts'

const BYTES = 48 * 1024 * 1024
const SECRETS = 50
const MEMORY_LIMIT = 64 * 1024 * 1024

const perSecond = (milliseconds: number) => `${Math.round(BYTES / 1e3 / milliseconds)} MB/s`
const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`

const setSecrets = async (world: World): Promise<string[]> => {
  const names = Array.from({ length: SECRETS }, (_, n) => `SECRET_${n}`)
  for (const name of names) await world.api('PUT', `/secrets/${name}`, { value: randomBytes(15).toString('base64') })
  return names
}

/** A session that prints the file once `go` exists; what it needs before that is not what is measured. */
const printer = async (world: World, file: string, secrets: string[], round: number) => {
  const go = join(world.dir, `go-${round}`)
  const { id } = await world.shell(`until test -e ${go}; do sleep 0.02; done; cat ${file}`, { secrets, sandbox: 'off' })
  const [runner = 0] = await until('the runner runs', () => (world.runnerPids(id).length > 0 ? world.runnerPids(id) : undefined))
  await until('the command runs', async () => ((await world.session(id)).state === 'running' ? true : undefined))
  return { id, runner, go: () => writeFileSync(go, '') }
}

export const logThroughput: Figure = {
  name: 'log-throughput',
  seconds: 120,
  run: () =>
    inWorld(async (world) => {
      const sshd = await openPrivateSshd(join(world.dir, 'sshd'))
      if (!sshd) throw new Error('not measured: openssh-server is not installed')
      try {
        const file = join(world.dir, 'printed')
        writeFileSync(
          file,
          `${randomBytes((BYTES / 4) * 3)
            .toString('base64')
            .replace(/.{79}/g, '$&\n')}`.slice(0, BYTES),
        )
        const secrets = await setSecrets(world)
        const daemon = world.daemonPid() ?? 0
        const growths: number[] = []
        let round = 0
        const [ssh = 'ssh', ...sshArgs] = sshd.ssh
        const took = await interleaved(3, {
          ssh: () => timed(ssh, [...sshArgs, `cat ${file}`], { env: world.env }),
          ours: async () => {
            const session = await printer(world, file, secrets, ++round)
            const viewer = world.start(['attach', '--quiet', session.id])
            viewer.stderr?.resume()
            const growth = watchGrowth([daemon, session.runner])
            const from = performance.now()
            session.go()
            let seen = 0
            for await (const chunk of viewer.stdout as Readable) seen += (chunk as Buffer).length
            growths.push(growth())
            if (seen !== BYTES) throw new Error(`the viewer printed ${seen} of ${BYTES} bytes`)
            return performance.now() - from
          },
        })
        const stalled = await stalledViewer(world, daemon, await printer(world, file, secrets, ++round))
        return [
          throughput(took),
          memory('memory while it is printed', Math.max(...growths)),
          memory('memory with a stalled viewer', stalled),
        ]
      } finally {
        sshd.stop()
      }
    }),
}

const stalledViewer = async (
  world: World,
  daemon: number,
  session: { id: string; runner: number; go(): void },
): Promise<number> => {
  const client = await attach(world.paths.socket, session.id, () => undefined)
  client.pause()
  const growth = watchGrowth([daemon, session.runner])
  session.go()
  await world.ended(session.id)
  client.terminate()
  return growth()
}

const throughput = (took: { ssh: number; ours: number }): Row => ({
  what: `log throughput, ${SECRETS} secrets, ${megabytes(BYTES)}`,
  ours: perSecond(took.ours),
  base: `ssh: ${perSecond(took.ssh)}`,
  measured: `${(took.ssh / took.ours).toFixed(2)} ×`,
  goal: '≥ 0.2 ×',
  reached: took.ssh / took.ours >= 0.2,
})

const memory = (what: string, bytes: number): Row => ({
  what,
  ours: `+${megabytes(bytes)}`,
  base: 'daemon and runner, idle',
  measured: `+${megabytes(bytes)}`,
  goal: `≤ ${megabytes(MEMORY_LIMIT)}`,
  reached: bytes <= MEMORY_LIMIT,
})
