import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { AGENT_CATALOGUE, type CatalogueAgent } from './agent-catalogue.ts'
import { holdingLock } from './install-lock.ts'
import { npmInstall, onPath } from './npm-install.ts'

/** What to start, and what it is, for people. */
export type AgentProgram = { command: string; args: string[]; what: string }

export type WantedAgent = {
  agent: string
  /** Another ACP agent's command line; wins over the name. */
  agentCommand?: string | undefined
  dataDir: string
  /** PATH of the session. */
  path: string
  notice(text: string): void
  deadlineMs?: number
}

const INSTALL_DEADLINE_MS = 300_000
const PROGRESS_MS = 10_000

type Manifest = { name?: string; version?: string; bin?: Record<string, string> }
const manifestAt = (folder: string): Manifest | undefined => {
  const file = join(folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : undefined
}

/** Real paths: the sandbox hides the data directory, and with it any link that leads out of it. */
const installed = (folder: string, entry: CatalogueAgent): AgentProgram | undefined => {
  const home = join(folder, 'node_modules', entry.package)
  const manifest = manifestAt(home)
  const bin = manifest?.bin?.[entry.bin]
  if (bin === undefined) return undefined
  return { command: process.execPath, args: [realpathSync(join(home, bin))], what: `${entry.bin} ${manifest?.version}` }
}

/** One the user installed: whatever version it is, because it is theirs; it is named so that nobody has to guess. */
const foundOnPath = (entry: CatalogueAgent, path: string): AgentProgram | undefined => {
  const file = onPath(entry.bin, path)
  if (file === undefined) return undefined
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = manifestAt(folder)
    if (manifest?.name === entry.package)
      return { command: process.execPath, args: [file], what: `${entry.bin} ${manifest.version} from ${file}` }
  }
  return { command: file, args: [], what: `${entry.bin} from ${file}` }
}

const install = async (folder: string, entry: CatalogueAgent, wanted: WantedAgent): Promise<void> => {
  const { dataDir, path, notice, deadlineMs = INSTALL_DEADLINE_MS } = wanted
  const agents = join(dataDir, 'agents')
  await mkdir(agents, { recursive: true })
  const building = await mkdtemp(join(agents, '.installing-'))
  const started = performance.now()
  const seconds = () => Math.round((performance.now() - started) / 1000)
  notice(`Installing ${entry.package}@${entry.version}: once per machine, about 400 MB.`)
  const progress = setInterval(() => notice(`Still installing ${entry.bin}: ${seconds()} s.`), PROGRESS_MS)
  try {
    const failure = await npmInstall(`${entry.package}@${entry.version}`, building, path, deadlineMs)
    if (failure !== undefined || !installed(building, entry)) {
      const hint = `Connect to the network and try again, or install it yourself: npm install -g ${entry.package}@${entry.version}. Any other ACP agent: --agent-command.`
      throw new RemoteError(
        'agent_missing',
        `${entry.bin} could not be installed: ${failure ?? 'the package has no such program'}`,
        { hint },
      )
    }
    // Somebody else's finished first: theirs stays.
    await rename(building, folder).catch((error: unknown) => {
      if (!installed(folder, entry)) throw error
    })
    notice(`Installed ${entry.bin} ${entry.version} in ${seconds()} s.`)
  } finally {
    clearInterval(progress)
    await rm(building, { recursive: true, force: true })
  }
}

/**
 * The program of an agent: the given command line, else our pinned version when it is installed, else one on PATH, else it is
 * installed. Throws `agent_missing`.
 */
export const provideAgent = async (wanted: WantedAgent): Promise<AgentProgram> => {
  if (wanted.agentCommand !== undefined)
    return { command: '/bin/sh', args: ['-c', '--', wanted.agentCommand], what: wanted.agentCommand }
  const entry = AGENT_CATALOGUE[wanted.agent]
  if (!entry) {
    const known = [...Object.keys(AGENT_CATALOGUE), 'shell', 'terminal'].join(', ')
    throw new RemoteError('agent_missing', `there is no agent "${wanted.agent}"`, {
      hint: `Known: ${known}. Any other ACP agent: --agent-command.`,
    })
  }
  const folder = join(wanted.dataDir, 'agents', `${wanted.agent}@${entry.version}`)
  const ready = installed(folder, entry) ?? foundOnPath(entry, wanted.path)
  if (ready) return ready
  await holdingLock(`${folder}.lock`, wanted.deadlineMs ?? INSTALL_DEADLINE_MS, async () => {
    if (!installed(folder, entry)) await install(folder, entry, wanted)
  })
  const program = installed(folder, entry)
  if (!program) throw new RemoteError('agent_missing', `${entry.bin} was installed and is gone again`, { hint: 'Try again.' })
  return program
}
