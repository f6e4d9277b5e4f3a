import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { provideAgent } from '../../agent-bootstrap/agents/install-agent.ts'

/** Shared by all tests and runs: an agent is hundreds of megabytes. */
const SHARED = join(import.meta.dirname, '../../node_modules/.cache/remote-agents')

/** A data directory whose `agents/` holds the real Claude adapter, installed by our own code the first time. Takes a minute then. */
export const installedAgentsDir = async (): Promise<string> => {
  await mkdir(SHARED, { recursive: true })
  await provideAgent({ agent: 'claude', dataDir: SHARED, path: process.env['PATH'] ?? '', notice: () => undefined })
  return SHARED
}

/** Makes the installed agents those of another data directory. */
export const linkInstalledAgents = async (dataDir: string): Promise<void> => {
  await mkdir(dataDir, { recursive: true })
  await symlink(join(await installedAgentsDir(), 'agents'), join(dataDir, 'agents'))
}
