import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import type { World } from './world.ts'

const TALKING = fileURLToPath(new URL('./talking-agent.ts', import.meta.url))
let built: string | undefined

/** A repository with the talking agent in it, and what makes `dispatch` use it. */
export const agentIn = (world: World, files: Record<string, string> = { 'note.txt': 'old line\n' }) => {
  built ??= buildSync({ entryPoints: [TALKING], bundle: true, platform: 'node', format: 'cjs', write: false }).outputFiles[0]
    ?.text
  return {
    cwd: world.repository({ ...files, 'agent.cjs': built ?? '' }),
    flags: ['--agent', 'talking', '--agent-command', 'node agent.cjs', '--approve', 'auto'],
  }
}
