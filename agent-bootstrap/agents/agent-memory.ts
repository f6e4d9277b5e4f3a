import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { cp, lstat, mkdir, readFile, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AGENT_CATALOGUE, type CatalogueAgent } from './agent-catalogue.ts'

/** What lies in an agent's directory is the agent's to make: a link there may lead anywhere on the machine, and is never followed. */
const isReal = (path: string, what: 'isDirectory' | 'isFile'): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.[what]() ?? false

/** Claude keeps a session below a folder named after its working directory, and finds it nowhere else. */
const projectFolder = async (configDir: string, cwd: string) =>
  join(configDir, 'projects', (await realpath(cwd)).replace(/[^a-zA-Z0-9]/g, '-'))

const moveProjects = async (configDir: string, cwd: string) => {
  const projects = join(configDir, 'projects')
  if (!isReal(configDir, 'isDirectory') || !isReal(projects, 'isDirectory')) return
  const target = await projectFolder(configDir, cwd)
  for (const name of readdirSync(projects)) {
    if (join(projects, name) === target || !isReal(join(projects, name), 'isDirectory')) continue
    await cp(join(projects, name), target, { recursive: true })
    await rm(join(projects, name), { recursive: true })
  }
}

const copyOne = async (entry: CatalogueAgent, from: string, to: string) => {
  const [source, target] = [join(from, entry.configFolder), join(to, entry.configFolder)]
  if (!isReal(source, 'isDirectory') || existsSync(target)) return
  const building = `${target}.copy`
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  await rm(building, { recursive: true, force: true })
  // A lock is no memory: its holder is gone, or going. Nor is a login.
  const isMemory = async (path: string) => {
    const facts = await lstat(path)
    return (facts.isDirectory() || facts.isFile()) && !path.endsWith('.lock') && path !== join(source, entry.login)
  }
  await cp(source, building, { recursive: true, preserveTimestamps: true, filter: isMemory })
  await rename(building, target)
}

/**
 * Gives a session the memory of another one: its agents' own session files, made to be found from `cwd`. Where there is memory
 * already it stays. May be repeated.
 */
export const copyAgentMemory = async (fromPrivateDir: string, toPrivateDir: string, cwd: string): Promise<void> => {
  for (const entry of Object.values(AGENT_CATALOGUE)) await copyOne(entry, fromPrivateDir, toPrivateDir)
  await moveProjects(join(toPrivateDir, 'claude'), cwd)
}

/** Claude notes its running total in the transcript when it ends in peace, and counts on from the last such note. */
const COST_NOTE = /"type":"cost-state".*?"totalCostUSD":([0-9.e+-]+)/g

/** From which figure the agent will count its cost when it resumes that session: 0 unless it left itself a note. */
export const costAtResume = async (agent: string, privateDir: string, handle: string | undefined): Promise<number> => {
  const projects = join(privateDir, 'claude/projects')
  if (agent !== 'claude' || handle === undefined || !isReal(projects, 'isDirectory')) return 0
  const transcript = readdirSync(projects)
    .filter((name) => isReal(join(projects, name), 'isDirectory'))
    .map((name) => join(projects, name, `${handle}.jsonl`))
    .find((file) => isReal(file, 'isFile'))
  if (transcript === undefined) return 0
  const last = [...(await readFile(transcript, 'utf8')).matchAll(COST_NOTE)].at(-1)
  return Number(last?.[1] ?? 0) || 0
}
