import { isCommand } from '../contract/is-command.ts'
import type { Explanation, Session } from '../contract/session.ts'
import { idleSecondsOf } from './session-ends.ts'

const span = (ms: number) => {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}
const since = (time: string, now: number) => span(now - Date.parse(time))

const WAITING = { follow_up: 'a follow-up', permission: 'a permission', budget: 'a decision about its budget' } as const

const running = (session: Session, now: number): string[] => {
  const { stop, unreachable, waiting, expiresAt, request, heardAt } = session
  const says: string[] = []
  if (stop) {
    const way = stop.how === 'now' ? 'its processes are being killed' : 'it may finish its step and save its work first'
    says.push(`It is stopping: ${stop.why.reason}. Asked by ${stop.by} ${since(stop.at, now)} ago; ${way}.`)
  }
  if (unreachable) {
    says.push(
      `Nothing was heard of it for ${since(unreachable.since, now)}, but its machine is there: it goes on by itself, or hangs.`,
    )
  }
  if (waiting)
    says.push(
      `It has waited for ${WAITING[waiting.for]} for ${since(waiting.since, now)}${waiting.what ? `: ${waiting.what}` : ''}.`,
    )
  const heard = heardAt && !unreachable ? `, last heard of ${since(heardAt, now)} ago` : ''
  says.push(`It has been running on ${request.runtime} for ${since(session.stateSince, now)}${heard}.`)
  if (waiting?.for === 'permission') says.push('Without an answer within 10 minutes the permission is denied and it goes on.')
  const idleSeconds = idleSecondsOf(request)
  if (waiting?.for === 'follow_up' && idleSeconds !== null) {
    says.push(`Without a follow-up it ends in ${span(Date.parse(waiting.since) + idleSeconds * 1000 - now)}.`)
  }
  if (request.agent === 'terminal' && idleSeconds !== null)
    says.push(`It ends when nothing is typed and nothing is printed for ${span(idleSeconds * 1000)}.`)
  says.push(
    expiresAt
      ? `Its time to live ends in ${span(Date.parse(expiresAt) - now)}.`
      : 'It has no time to live: nothing but itself ends it.',
  )
  return says
}

const releasing = (session: Session): string[] => {
  const lost = session.attempts.at(-1)?.lost
  if (session.ending) return [`It is ending: ${session.ending.reason}. Its machine is released and its log closed first.`]
  return [
    `Its machine was lost (${lost ?? 'why is not known'}). When that is cleaned up it is tried again; tries left: ${session.retriesLeft}.`,
  ]
}

const unhandled = ({ id, inboxLast, inboxHandled, request }: Session): string[] => {
  const count = inboxLast - inboxHandled
  if (count <= 0 || isCommand(request.agent)) return []
  const what = count === 1 ? 'The last thing that was sent to it was' : `The last ${count} things that were sent to it were`
  return [`${what} not handled: it ended before. Say it again: remote resume ${id} "…".`]
}

const ended = (session: Session, now: number): string[] => {
  const { outcome, endedAt, attempts, result } = session
  const how = outcome
    ? `${outcome.outcome.replace('_', ' ')} (${outcome.code}): ${outcome.reason.replace(/\.$/, '')}`
    : 'without an outcome'
  const says = [`It ended${endedAt ? ` ${since(endedAt, now)} ago` : ''}, ${how}.`]
  if (attempts.length > 1) says.push(`It took ${attempts.length} attempts.`)
  for (const { number, lost } of attempts) if (lost) says.push(`Attempt ${number} was lost: ${lost}.`)
  if (result)
    says.push(
      `Its result is on ${result.branch}: ${result.files} ${result.files === 1 ? 'file' : 'files'}, +${result.insertions} −${result.deletions}.`,
    )
  return [...says, ...unhandled(session)]
}

const stateSays = (session: Session, now: number): string[] => {
  const attempt = session.attempts.length
  switch (session.state) {
    case 'queued':
      return [`It was accepted ${since(session.createdAt, now)} ago and is about to be placed.`]
    case 'placing':
      return [attempt > 0 ? `Attempt ${attempt} was lost; the next one is being placed.` : 'It is being placed.']
    case 'launching':
      return [`Its machine is being launched on ${session.request.runtime} (attempt ${attempt}).`]
    case 'booting':
      return [`Its machine was launched ${since(session.stateSince, now)} ago and has not reported yet (attempt ${attempt}).`]
    case 'running':
      return running(session, now)
    case 'releasing':
      return releasing(session)
    case 'ended':
      return ended(session, now)
  }
}

const trouble = ({ trouble: found }: Session, now: number): string[] => {
  if (found?.tries === 0)
    return [`It waits for its turn: ${found.reason}.`, `It goes on in ${span(Date.parse(found.notBefore) - now)}.`]
  return found
    ? [
        `It does not get on: ${found.reason} (${found.code}).`,
        `That was tried ${found.tries === 1 ? 'once' : `${found.tries} times`}, and will be again in ${span(Date.parse(found.notBefore) - now)}.`,
      ]
    : []
}

const nextFor = ({ id, state, waiting, stop, request, result }: Session): string[] => {
  if (state === 'ended') {
    const kept = [`remote logs ${id}`, ...(result ? [`remote diff ${id}`, `remote pull ${id}`] : [])]
    return isCommand(request.agent) ? kept : [...kept, `remote resume ${id} "…"`]
  }
  const answers = waiting?.for === 'permission' ? [`remote send ${id} --approve`, `remote send ${id} --deny`] : []
  const follow = waiting?.for === 'follow_up' ? [`remote send ${id} "…"`] : []
  const end = stop ? `remote terminate ${id} --now` : `remote terminate ${id}`
  return [...answers, ...follow, request.agent === 'terminal' ? `remote connect ${id}` : `remote attach ${id}`, end]
}

/** A machine of one's own needs no word. */
const sharing = ({ attempts, request }: Session, others: readonly string[]): string[] => {
  const machine = attempts.at(-1)?.machine
  if (others.length > 0 && machine !== undefined)
    return [`It shares machine ${machine} with ${others.join(', ')}; the machine goes when the last of them ends.`]
  return request.with !== undefined && machine === undefined ? [`It is to share the machine of ${request.with}.`] : []
}

const overstated = ({ overstatedUsd, usage }: Session): string[] =>
  overstatedUsd === undefined
    ? []
    : [
        `Its machine says that its agent cost $${overstatedUsd.toFixed(2)} more than any can have: that is not counted, $${usage.costUsd.toFixed(2)} are.`,
      ]

type Around = { others?: readonly string[]; checkout?: string | undefined }

/** Sentences for people, the most important first, and the commands that can follow. `others`: who is on the same machine. `checkout`: where the only copy of its work lies. */
export const explanation = (session: Session, now: number, { others = [], checkout }: Around = {}): Explanation => ({
  session: session.id,
  says: [
    ...trouble(session, now),
    ...stateSays(session, now),
    ...overstated(session),
    ...(session.state === 'ended' ? [] : sharing(session, others)),
    ...(checkout === undefined ? [] : [`The only copy of what it did is its checkout, which stays for 30 days: ${checkout}`]),
  ],
  next: nextFor(session),
})
