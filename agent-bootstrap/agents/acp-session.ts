import { setTimeout as delay } from 'node:timers/promises'
import {
  type AgentRequestMethod,
  type AgentRequestParamsByMethod,
  type AgentRequestResponsesByMethod,
  methods,
  PROTOCOL_VERSION,
  RequestError,
} from '@agentclientprotocol/sdk'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { isAuthRequired, outcomeOfError } from './acp-outcome.ts'
import type { AcpProcess } from './acp-process.ts'

const START_DEADLINE_MS = 120_000
/** What the control plane records of an agent's own session (the contract's `agentHandle`). */
const MAX_HANDLE_CHARACTERS = 512
const RESOURCE_NOT_FOUND = -32_002
/** Right after its process was killed, an agent's session cannot be found for a moment. */
const RESUME_PATIENCE_MS = 2000

type Wanted = { cwd: string; handle: string | undefined; maxCostUsd: number | null; keyLogin: string | undefined }

/** An answer of the agent, unless it ends or takes too long. */
const answered = async <T>(process: AcpProcess, what: string, answer: Promise<T>): Promise<T> => {
  const gone = process.ended.then((how): never => {
    throw new RemoteError('agent_missing', `the agent's program ended while it started (${how})`, {
      hint: process.lastWords() || 'Try it by hand, and see: remote doctor',
    })
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new RemoteError('timeout', `the agent did not answer ${what} within ${START_DEADLINE_MS / 1000} s`)),
      START_DEADLINE_MS,
    )
  })
  try {
    // A process that ends closes its connection, which fails the request too; the end says more.
    return await Promise.race([
      answer.catch(async (error: unknown) => ((await process.diedOf(error)) ? gone : Promise.reject<never>(error))),
      gone,
      late,
    ])
  } finally {
    clearTimeout(timer)
    gone.catch(() => undefined)
  }
}

const isNotFound = (error: unknown): boolean => error instanceof RequestError && error.code === RESOURCE_NOT_FOUND

/** Says hello and opens the agent's own session: the one of `handle` when that still can be, else a new one. */
export const openAcpSession = async (process: AcpProcess, wanted: Wanted): Promise<{ id: string; resumed: boolean }> => {
  const ask = <Method extends AgentRequestMethod>(method: Method, params: AgentRequestParamsByMethod[Method]) => {
    const answer: Promise<AgentRequestResponsesByMethod[Method]> = process.agent.request(method, params)
    return answered(process, method, answer)
  }
  const { agent } = methods
  const hello = await ask(agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: 'remote', version: '0.1.0' },
  })
  const can = hello.agentCapabilities
  // Read by the Claude adapter: the only way to end a turn that spends more than is left while it runs.
  const budget = wanted.maxCostUsd === null ? {} : { _meta: { claudeCode: { options: { maxBudgetUsd: wanted.maxCostUsd } } } }
  const place = { cwd: wanted.cwd, mcpServers: [], ...budget }

  const resume = async (sessionId: string): Promise<boolean> => {
    const until = performance.now() + RESUME_PATIENCE_MS
    for (let pause = 100; can?.sessionCapabilities?.resume; pause *= 2) {
      try {
        await ask(agent.session.resume, { sessionId, ...place })
        return true
      } catch (error) {
        if (process.hasEnded()) throw error
        if (!isNotFound(error) || performance.now() + pause > until) break
        await delay(pause)
      }
    }
    if (!can?.loadSession) return false
    try {
      await ask(agent.session.load, { sessionId, ...place })
      return true
    } catch (error) {
      if (process.hasEnded()) throw error
      return false
    }
  }

  if (wanted.handle !== undefined && (await resume(wanted.handle))) return { id: wanted.handle, resumed: true }
  try {
    const made = await ask(agent.session.new, place).catch(async (error: unknown) => {
      const method = hello.authMethods?.find(({ id }) => id === wanted.keyLogin)
      if (!method || !isAuthRequired(error)) throw error
      await ask(agent.authenticate, { methodId: method.id })
      return ask(agent.session.new, place)
    })
    if (made.sessionId.length > MAX_HANDLE_CHARACTERS)
      throw new RemoteError('agent_missing', `the agent names its session with ${made.sessionId.length} characters`, {
        hint: `Up to ${MAX_HANDLE_CHARACTERS} can be recorded: use another version of it.`,
      })
    const asks = made.modes?.availableModes.find(({ id }) => id === 'default')
    // The user's own settings may let it run unasked; how this session is approved was said at dispatch.
    if (asks && made.modes?.currentModeId !== asks.id)
      await ask(agent.session.setMode, { sessionId: made.sessionId, modeId: asks.id })
    return { id: made.sessionId, resumed: false }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    const { code, reason } = outcomeOfError(error)
    throw new RemoteError(code === 'no_credentials' ? 'no_credentials' : 'agent_missing', reason, {
      hint: process.lastWords() || undefined,
      cause: error,
    })
  }
}
