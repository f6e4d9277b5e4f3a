import { join } from 'node:path'
import type { EventBody } from '../core/contract/events.ts'
import { isCommand } from '../core/contract/is-command.ts'
import type { RunSpec } from '../core/contract/runner.ts'
import { openRedaction } from '../core/domain/redaction.ts'
import type { AgentRun, Emit, Waiting } from './agents/driver.ts'
import type { Brought, Checkout } from './bring-result.ts'
import type { Cloud } from './cloud/open-cloud.ts'
import type { ControlPlane } from './control-plane-client.ts'
import { type DoorbellSocket, openDoorbell } from './doorbell-socket.ts'
import { type End, openEnds } from './ends.ts'
import { openEventLog } from './event-log.ts'
import { crossing } from './failpoints.ts'
import { finishSession } from './finish-session.ts'
import { openHeartbeat } from './heartbeat.ts'
import { openLiveNotices } from './live-notices.ts'
import { outcomeOf, presentable, presentableWaiting } from './outcomes.ts'
import { openPermissions } from './permissions.ts'
import { killTree, sessionProcesses } from './process-tree.ts'
import { keepReserve } from './reserve.ts'
import { type Again, runAgent } from './run-agent.ts'
import type { RunnerArguments } from './runner-arguments.ts'
import { openSealer } from './sealer.ts'
import { Spool } from './spool.ts'
import { openTurns } from './turns.ts'
import { openTyping } from './typing.ts'

/** An agent whose work is done writes down what it remembers. */
const LEAVE_MS = 2000
const FIRST_SAMPLE_MS = 1000

class SessionEnds extends Error {}

/**
 * Runs one attempt from the spec to `done`. Resolves when there is nothing left to do for it on this machine. `cloud`: what its grant
 * gives the machine, where it has one; the secrets are in the spec already.
 */
export const runSession = async (args: RunnerArguments, plane: ControlPlane, spec: RunSpec, cloud?: Cloud): Promise<void> => {
  const redaction = openRedaction(Object.entries(spec.secrets).map(([name, value]) => ({ name, value })))
  cloud?.login?.onHidden(redaction.hide)
  const ends = openEnds(spec)
  const state = {
    usage: spec.usage,
    waiting: undefined as Waiting,
    agent: undefined as AgentRun | undefined,
    peakMemoryBytes: 0,
    handle: spec.agentHandle,
  }
  let doorbell: DoorbellSocket | undefined
  let checkout: Checkout | undefined
  let contained = false
  let again: Again | undefined

  const logDir = join(args.dir, 'log', String(spec.attempt))
  const uploaded =
    spec.log.kind === 'upload'
      ? cloud?.openLog({ spec, dir: logDir, cut: () => spool.cut(), doorbell: () => doorbell, onFenced: ends.onFenced })
      : undefined
  const live = uploaded?.live ?? openLiveNotices(spec.attempt, () => doorbell)
  const sealer = uploaded?.sealer ?? openSealer(plane, ends.onFenced)
  const spool = new Spool({
    ...uploaded?.spool,
    dir: logDir,
    onWritten: (_, last) => {
      crossing('spool written')
      live.written(last)
    },
    onFile: sealer.file,
    onFailed: (error) => {
      const { code, reason } = outcomeOf(error)
      ends.onFailure(
        code === 'disk_full' ? code : 'spool',
        `The log could not be written after event ${spool.durable}: ${reason}`,
      )
    },
  })
  const reserve = keepReserve(join(args.dir, 'reserve'))
  const log = openEventLog(spool, redaction)
  const emit: Emit = (body, bytes) => log.emit(body, bytes)
  const notice = (text: string) => void emit({ type: 'notice', level: 'warn', text })

  const sample = () => {
    const bytes = sessionProcesses(spec.session).reduce((sum, row) => sum + row.residentBytes, 0)
    state.peakMemoryBytes = Math.max(state.peakMemoryBytes, bytes)
  }
  const report = () => {
    const { waiting, usage, peakMemoryBytes } = state
    state.handle = state.agent?.handle() ?? state.handle
    return {
      position: { attempt: spec.attempt, seq: spool.durable },
      flags: waiting ? { waiting } : {},
      usage,
      peakMemoryBytes,
      ...(state.handle !== undefined && { agentHandle: state.handle }),
    }
  }
  const heartbeat = openHeartbeat({
    plane,
    inboxAfter: spec.inboxAfter,
    untaken: () => turns.untaken(),
    report: () => {
      sample()
      return { ...report(), ...cloud?.neighbours.report() }
    },
    onAnswer: (answer) => {
      cloud?.neighbours.see(answer.neighbours, heartbeat.beat)
      live.watch(answer.watch)
      ends.onAnswer(answer)
    },
    onItem: (item) => turns.onItem(item),
    onFenced: ends.onFenced,
  })
  const setWaiting = (waiting: Waiting) => {
    if (waiting === undefined && state.waiting === undefined) return
    state.waiting = presentableWaiting(waiting, redaction)
    ends.setIdle(waiting !== undefined)
    void heartbeat.beat()
  }
  const turns = openTurns({ spec, emit, setWaiting, look: heartbeat.beat, onTurnEnd: () => log.flush() })
  const permissions = openPermissions(() => state.agent, notice)
  const emitOfAgent = (body: EventBody, bytes?: Uint8Array) => {
    permissions.saw(body)
    turns.heard()
    if (body.type === 'usage') {
      const { inputTokens, outputTokens, costUsd } = body
      state.usage = { inputTokens, outputTokens, costUsd }
      ends.onUsage(state.usage)
      void heartbeat.beat() // what was spent must not be forgotten with this machine
    }
    return emit(body, bytes)
  }

  if (spec.previous && args.leave === undefined) {
    const { attempt, lastSeq, why } = spec.previous
    await emit({ type: 'gap', from: `${attempt}.${lastSeq}`, why })
  }
  const bring = async (made: Checkout): Promise<Brought> => {
    const { bringResult } = await import('./bring-result.ts')
    return bringResult({
      plane: cloud ?? plane,
      spec,
      workDir,
      checkout: made,
      redacted: redaction.text,
      notice,
      hurried: ends.hurried,
    })
  }
  const workDir = join(spec.workspace ?? args.dir, 'work')
  /** For an agent that was stopped and goes on. */
  const specNow = (): RunSpec => {
    const { usage, agentHandle = spec.agentHandle } = report()
    const left = spec.maxCostUsd === null ? null : Math.max(0, spec.maxCostUsd - (usage.costUsd - spec.usage.costUsd))
    return { ...spec, usage, maxCostUsd: left, ...(agentHandle !== undefined && { agentHandle }) }
  }
  const check = () => {
    if (ends.isDecided()) throw new SessionEnds('the session ends')
  }
  void cloud?.expired.then((why) =>
    ends.onFailure('credentials', `This machine's credentials have ended, and no others could be had: ${why}`),
  )
  void cloud?.leaving?.then(ends.onLeaving)
  const typing = openTyping((typed) => doorbell?.send({ type: 'typed', attempt: spec.attempt, ...typed }))
  const options = {
    ...{ args, spec, plane, workDir, emit: emitOfAgent, turns, setWaiting, check },
    seat: { typing, active: ends.onActivity },
    onCheckout: (made: Checkout) => {
      checkout = made
    },
    onAgent: (agent: AgentRun, anotherTurn: Again) => {
      state.agent = agent
      again = anotherTurn
    },
    onContained: () => {
      contained = true
    },
  }
  const leaveWith = async (why: string): Promise<never> => {
    checkout = await (await import('./git/session-git.ts')).heldCheckout(workDir, spec.branch)
    ends.onLeaving(`the runner ended: ${why}`)
    return new Promise(() => undefined)
  }
  const begin = async () => {
    if (cloud?.refused) throw cloud.refused
    return args.leave === undefined ? runAgent(options) : leaveWith(args.leave)
  }
  let work = begin().catch(outcomeOf)
  const { endpoint, socket } = args
  doorbell = openDoorbell(
    { endpoint, socket, sign: plane.sign, session: spec.session, attempt: spec.attempt },
    {
      onFrame: (frame) => {
        if (frame.type === 'watch') live.watch(frame.on, true)
        else if (frame.type === 'bell') void heartbeat.beat()
        else typing.take(frame)
      },
      onOpen: () => heartbeat.beatSoon(),
      onClose: () => live.watch(false),
    },
  )
  const firstSample = setTimeout(sample, FIRST_SAMPLE_MS)

  let end: End | undefined
  let brought: Brought = {}
  let agentFiles: string | undefined
  for (;;) {
    end = await Promise.race([work.then(() => undefined), ends.decided])
    clearTimeout(firstSample)
    const agent = state.agent
    const stopped = agent
      ?.stop(end?.graceMs ?? LEAVE_MS)
      .catch((error: unknown) => notice(`The agent could not be stopped: ${error}`))
    await Promise.race([stopped, ends.hurried])
    if (end || !contained)
      for (const { pid, name } of await killTree(spec.session)) notice(`Process ${pid} (${name}) could not be ended.`)
    agent?.kill()
    const bringing = end?.fenced || !checkout ? Promise.resolve({}) : bring(checkout)
    if (end?.leaving && cloud) {
      const { checkpoint } = await import('./cloud/checkpoint.ts')
      ;({ brought, agentFiles } = await checkpoint(cloud, bringing, notice))
    } else brought = await bringing
    // Whoever said something meanwhile was promised that it is handled.
    const text = end || !again ? undefined : await Promise.race([turns.more(), ends.decided.then(() => undefined)])
    if (text === undefined || !again) break
    await emit({ type: 'notice', level: 'info', text: 'A message came while the session was ending: the agent goes on.' })
    work = again(text, specNow()).catch(outcomeOf)
  }
  const how = end?.why ?? (await work)
  const { result, failure } = brought
  const unsaved = failure !== undefined && how.outcome === 'succeeded'
  const outcome = presentable(unsaved ? { outcome: 'failed', code: 'result', reason: failure } : how, redaction)
  ends.close()
  permissions.close()
  if (turns.untaken() !== undefined && !end?.leaving)
    notice(`A message came too late. Continue with it: remote resume ${spec.session} "…"`)

  if (end) await killTree(spec.session) // what was being started when the end came
  const ending = { plane, spool, log, live, sealer, reserve, heartbeat, report }
  if (cloud && !end?.fenced && !end?.leaving && !isCommand(spec.request.agent))
    agentFiles = await (await import('./cloud/checkpoint.ts')).saveMemory(cloud, notice)
  const { fenced = false, leaving = false } = end ?? {}
  const left = await finishSession(ending, { outcome, result, fenced, leaving, agentFiles })
  // Who came to share this machine since the last beat would be lost with it.
  cloud?.neighbours.see(left?.neighbours)
  await cloud?.neighbours.settled()
  doorbell?.close()
  cloud?.close()
  plane.close()
}
