import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Oddity } from '../scenarios/place.ts'
import type { Launch } from './instances-launch.ts'

/** Whoever wants an odd machine asks for one of these; nothing else here does. */
const TYPES = ['m6i.large', 'm6i.xlarge', 'm6i.2xlarge', 'm6i.4xlarge', 'm6i.8xlarge', 'm6i.16xlarge']
const UNITS = 'etc/systemd/system'

const SMALL_DISK = `[Unit]
Description=Where sessions lie

[Mount]
What=tmpfs
Where=/var/lib/remote/sessions
Type=tmpfs
Options=size=4m

[Install]
WantedBy=local-fs.target
`

const filesOf = (oddity: Oddity): Record<string, string> =>
  oddity.name === 'a runner that dies'
    ? {
        [`${UNITS}/remote-runner@.service.d/dies.conf`]: `[Service]\nEnvironment=REMOTE_RUNNER_FAILPOINT=${oddity.at}@1\n`,
      }
    : { [`${UNITS}/var-lib-remote-sessions.mount`]: SMALL_DISK }

/** What is laid over the root of machines of a type, and which type that is. */
export const openOddMachines = (dir: string) => {
  const known = new Map<string, { type: string; layer: string }>()
  return {
    layersOf: ({ type }: Launch): string[] => [...known.values()].filter((odd) => odd.type === type).map(({ layer }) => layer),
    typeOf: (oddity: Oddity): string => {
      const key = JSON.stringify(oddity)
      const found = known.get(key)
      if (found) return found.type
      const type = TYPES[known.size]
      if (type === undefined) throw new Error('there are more odd machines than types for them')
      const layer = join(dir, type)
      for (const [name, content] of Object.entries(filesOf(oddity))) {
        const file = join(layer, name)
        mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
        writeFileSync(file, content)
        if (!name.endsWith('.mount')) continue
        const wants = join(layer, UNITS, 'local-fs.target.wants')
        mkdirSync(wants, { recursive: true, mode: 0o755 })
        symlinkSync(`/${name}`, join(wants, name.slice(UNITS.length + 1)))
      }
      known.set(key, { type, layer })
      return type
    },
  }
}
