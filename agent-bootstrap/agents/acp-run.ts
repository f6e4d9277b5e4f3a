import { methods } from '@agentclientprotocol/sdk'
import type { Outcome } from '../../core/contract/outcome.ts'
import { prepareRedaction } from '../../core/domain/redaction.ts'
import { begunAnew } from '../first-prompt.ts'
import { crashed, outcomeOfError, outcomeOfStop } from './acp-outcome.ts'
import { openPermissionRequests } from './acp-permissions.ts'
import { type AcpProcess, startAcpProcess } from './acp-process.ts'
import { openAcpSession } from './acp-session.ts'
import { openUpdates } from './acp-updates.ts'
import { openUsage } from './acp-usage.ts'
import { AGENT_CATALOGUE } from './agent-catalogue.ts'
import { costAtResume } from './agent-memory.ts'
import type { AgentRun, DriverContext } from './driver.ts'
import type { AgentProgram } from './install-agent.ts'

const GO_ON = 'Your program ended unexpectedly in the middle of this turn and was started again. Check what is done, and go on.'

/** Agents tell their cost when a turn ends. */
const UNTOLD = 'What the agent spent in a turn that was cut off is not in the cost: it tells that at the end of a turn.'

/** An agent at work: its process, replaced once per turn when it dies, and its session over all of them. */
export const openAcpRun = async (
  context: DriverContext,
  program: AgentProgram,
  env: Record<string, string>,
): Promise<AgentRun> => {
  const { spec, cwd, privateDir, emit, setWaiting, confine } = context
  const login = spec.request.agentCommand === undefined ? AGENT_CATALOGUE[spec.request.agent]?.keyLogin : undefined
  const keyLogin = login?.variables.some((name) => env[name]) ? login.method : undefined
  const usage = openUsage(spec.usage)
  // For what is cut short before it comes to the log: half a secret could not be recognised there.
  const { text: hide } = prepareRedaction(Object.entries(spec.secrets).map(([name, value]) => ({ name, value })))
  const updates = openUpdates(emit, cwd, usage, hide)
  const permissions = openPermissionRequests(spec.approve, updates.put, setWaiting, (text) =>
    hide(text.replaceAll(`${cwd}/`, '')),
  )
  let session = spec.agentHandle
  /** While a session is opened the agent may replay it; all that is in the log. */
  let replaying = true
  let stopping = false
  let turn: Promise<unknown> | undefined
  let process: AcpProcess

  /** Of what was left of the budget when this attempt began. */
  const spent = () => usage.total().costUsd - spec.usage.costUsd

  const startProcess = async () => {
    replaying = true
    const counted = await costAtResume(spec.request.agent, privateDir, session)
    process = await startAcpProcess({
      program,
      env,
      cwd,
      confine,
      room: updates.room,
      onUpdate: (_id, update) => replaying || updates.on(update),
      onPermission: permissions.request,
    })
    const left = spec.maxCostUsd === null ? null : counted + Math.max(0.01, spec.maxCostUsd - spent())
    const opened = await openAcpSession(process, { cwd, handle: session, maxCostUsd: left, keyLogin }).catch((error: unknown) => {
      process.kill()
      throw error
    })
    const lost = session !== undefined && !opened.resumed
    session = opened.id
    // Read again: what the former process left behind may have ended, and noted its total, only now.
    usage.onProcess(opened.resumed ? await costAtResume(spec.request.agent, privateDir, session) : 0)
    replaying = false
    return { lost }
  }

  const overBudget = (): Outcome | undefined =>
    spec.maxCostUsd !== null && spent() >= spec.maxCostUsd
      ? { outcome: 'over_budget', code: 'max_cost', reason: 'The session used up its budget (--max-cost).' }
      : undefined

  /** Lost when the agent ends just now, and then not needed. */
  const cancel = async () => {
    if (turn && session !== undefined && !process.hasEnded())
      await Promise.race([process.agent.notify(methods.agent.session.cancel, { sessionId: session }), process.ended])
  }

  const once = async (text: string): Promise<Outcome | 'died'> => {
    if (session === undefined) return 'died'
    const request = process.agent.request(methods.agent.session.prompt, { sessionId: session, prompt: [{ type: 'text', text }] })
    const outcome = await request.then(
      (response) => {
        if (usage.onTurnEnd(response)) updates.put({ type: 'usage', ...usage.total() })
        return outcomeOfStop(response.stopReason)
      },
      async (error: unknown) => {
        if (await process.diedOf(error)) return 'died'
        return overBudget() ?? outcomeOfError(error, hide)
      },
    )
    permissions.cancel('agent')
    await updates.settled()
    return outcome
  }

  /** Again in the same session, once: what kills it twice in a turn would kill it for ever. */
  const twice = async (text: string): Promise<Outcome> => {
    const first = process.hasEnded() ? 'idle' : await once(text)
    if (typeof first !== 'string') return first
    const last = crashed(await process.ended, hide(process.lastWords()))
    if (stopping) return last
    process.kill() // what it started must not go on beside its successor
    updates.put({ type: 'notice', level: 'warn', text: `${last.reason} Starting it again. ${UNTOLD}` })
    const { lost } = await startProcess()
    const anew = begunAnew(spec.request.task, text)
    if (lost) updates.put({ type: 'notice', level: 'warn', text: anew.notice })
    const again = lost ? anew.text : GO_ON
    const second = await once(first === 'idle' && !lost ? text : again)
    return second === 'died' ? crashed(await process.ended, hide(process.lastWords())) : second
  }

  await startProcess()
  await emit({ type: 'notice', level: 'info', text: `Agent: ${program.what}.` })
  if (spec.attempt > 1) await emit({ type: 'notice', level: 'info', text: UNTOLD })

  return {
    handle: () => session,
    prompt: async (text) => {
      const running = twice(text).catch((error: unknown) => outcomeOfError(error, hide))
      turn = running
      const outcome = await running
      turn = undefined
      return { outcome }
    },
    interrupt: async () => {
      permissions.cancel('interrupt')
      await cancel()
    },
    answer: (answer) => permissions.answer(answer),
    stop: async (graceMs) => {
      stopping = true
      const deadline = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref())
      permissions.cancel('stop')
      await Promise.race([cancel().then(() => turn), process.ended, deadline])
      process.close()
      await Promise.race([process.ended, deadline])
      updates.close()
    },
    kill: () => {
      stopping = true
      process.kill()
    },
  }
}
