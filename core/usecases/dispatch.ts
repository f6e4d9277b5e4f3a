import type { Dispatch } from '../contract/dispatch.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { Session } from '../contract/session.ts'
import { canonicalJson } from '../domain/canonical-json.ts'
import { newSession } from '../domain/new-session.ts'
import { hiddenFields, redactedRequest } from '../domain/redacted-request.ts'
import { redactText } from '../domain/redaction.ts'
import type { Ports } from '../ports/ports.ts'
import { checkDispatch } from './check-dispatch.ts'
import { keepSecrets } from './session-secrets.ts'
import type { Settings } from './settings.ts'
import { sized } from './sized.ts'

/** `key`: the Idempotency-Key, if the caller sent one. */
export type Caller = { by: string; key?: string | undefined }
export type Accepted = { session: Session; isNew: boolean }

type Key = { value: string; bodyHash: string }

const conflict = () =>
  new RemoteError('conflict', 'this idempotency key was used for another request', { hint: 'send a new request with a new key' })

/**
 * A stored secret that is named goes before a credential that was merely found. What a secret's command printed comes as a
 * credential: it was run where the caller is.
 */
const secretValues = async ({ secrets }: Pick<Ports, 'secrets'>, { secrets: names, credentials }: Dispatch) => {
  const isSent = (name: string) => Object.hasOwn(credentials, name)
  const listed = names.some(isSent) ? await secrets.list() : []
  const stored = new Set(listed.filter(({ command }) => command === undefined).map(({ name }) => name))
  return { ...credentials, ...(await secrets.values(names.filter((name) => !isSent(name) || stored.has(name)))) }
}

/** Secrets first: a record without them could not run, they without a record are forgotten, at the latest by the store's sweep. */
const accept = async (ports: Ports, asked: Dispatch, by: string, key: Key | undefined): Promise<Accepted> => {
  const { ask, why } = await sized(ports, asked)
  const { credentials: _, ...request } = ask
  const values = await secretValues(ports, ask)
  const hidden = Object.values(values)
  const shown = redactedRequest(request, (text) => redactText(hidden, text))
  const fields = hiddenFields(request, shown)
  const fresh = newSession(ports.ids.session(), shown, by, ports.clock.now())
  const session: Session = fields.length > 0 ? { ...fresh, hidden: fields } : fresh
  const isHidden = canonicalJson(shown) !== canonicalJson(request)
  await keepSecrets(ports)(session, { values, request }, isHidden)
  const inserted = await ports.sessions.insert(session, key, {
    by,
    what: 'dispatched',
    detail: { runtime: ask.runtime, agent: ask.agent, ...(why && { instance: ask.instance, why }) },
  })
  if (inserted.done === 'inserted') return { session, isNew: true }
  await ports.secrets.forget(session.id)
  if (inserted.done === 'conflict') throw conflict()
  return { session: inserted.session, isNew: false }
}

/**
 * Accepts a task. The same key and request give the same session however often they come (`isNew` once); the same key with
 * another request throws `conflict`. What can be known to be wrong is refused before anything is kept or started.
 */
export const dispatch = (ports: Ports, settings: Settings) => {
  const check = checkDispatch(ports, settings)

  const acceptOnce = async (ask: Dispatch, { by, key: value }: Caller): Promise<Accepted> => {
    const key = value === undefined ? undefined : { value, bodyHash: await ports.ids.sha256(canonicalJson(ask)) }
    // What was accepted stays accepted, whatever its secrets and workspace are doing by now.
    const known = key && (await ports.sessions.withKey(key.value))
    if (known && known.bodyHash !== key.bodyHash) throw conflict()
    if (known) return { session: known.session, isNew: false }
    return accept(ports, await check(ask), by, key)
  }

  return async (ask: Dispatch, caller: Caller): Promise<Accepted> => {
    const accepted = await acceptOnce(ask, caller)
    if (accepted.isNew) await ports.doorbell.changed(accepted.session)
    // Also for one that was there: the first try may have failed between the record and this.
    if (accepted.session.state !== 'ended') await ports.lifecycle.begin(accepted.session.id)
    return accepted
  }
}
