import { mkdirSync } from 'node:fs'
import { AGENT_CATALOGUE } from './agent-catalogue.ts'
import { provideAgent } from './install-agent.ts'

/** All agents of the catalogue into a data directory, as sessions look for them there. Throws when one could not be installed. */
export const installAgents = async (dataDir: string): Promise<void> => {
  mkdirSync(dataDir, { recursive: true, mode: 0o755 })
  for (const agent of Object.keys(AGENT_CATALOGUE)) {
    // Not one that happens to be on the path: it is what stays.
    await provideAgent({ agent, dataDir, path: '', notice: (text) => console.log(text) })
  }
}
