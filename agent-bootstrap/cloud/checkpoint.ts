import type { Brought } from '../bring-result.ts'
import type { Cloud } from './open-cloud.ts'

/** The log's last segment and the call that names it all come after it: everything within 30 s. */
const CHECKPOINT_SECONDS = 20
const MEMORY_SECONDS = 60

type Notice = (text: string) => void

const within = async <T>(work: Promise<T>, seconds: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not fit into ${seconds} s`)), seconds * 1000)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

const leftBehind = (what: string, notice: Notice) => (error: unknown) => {
  notice(`${what} was left behind: ${error instanceof Error ? error.message : error}`)
  return undefined
}

/** What the agent remembers of a session that ends, for one that resumes it. Answers where it is. */
export const saveMemory = (cloud: Cloud, notice: Notice, seconds = MEMORY_SECONDS): Promise<string | undefined> =>
  within(cloud.saveAgentFiles(), seconds).catch(leftBehind("The agent's memory", notice))

/** What is stored of a session whose machine is taken away, in the time that there is. What does not fit is told. */
export const checkpoint = async (cloud: Cloud, bringing: Promise<Brought>, notice: Notice) => {
  const [brought, agentFiles] = await Promise.all([
    within(bringing, CHECKPOINT_SECONDS).catch(leftBehind('What is not committed yet', notice)),
    saveMemory(cloud, notice, CHECKPOINT_SECONDS),
  ])
  return { brought: brought ?? {}, agentFiles }
}
