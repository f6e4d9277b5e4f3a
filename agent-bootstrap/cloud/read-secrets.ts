import { setTimeout as delay } from 'node:timers/promises'
import { awsHost } from '../../core/contract/aws-host.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Grant } from '../../core/contract/runner.ts'
import { openBackoff } from '../backoff.ts'
import { httpCall } from './http-call.ts'
import { signedHeaders } from './sign.ts'

const STALL_MS = 10_000
const DEADLINE_MS = 90_000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5000
const TARGET = 'secretsmanager.GetSecretValue'

type Ref = Grant['secrets'][number]
type Told = { SecretString?: string; SecretBinary?: string; __type?: string }

const parsed = (text: string): Told => {
  try {
    return JSON.parse(text) as Told
  } catch {
    return {} // of something on the way there
  }
}

const unreadable = ({ name }: Ref, why: string) =>
  new RemoteError('refused', `The machine could not read the secret ${name}: ${why}.`, {
    hint: 'See whether it exists: remote secrets list',
  })

/** One try. Undefined when another one may help. */
const ask = async (grant: Grant, ref: Ref): Promise<{ text: string } | { trouble: string }> => {
  const { region, endpointUrl, credentials } = grant
  const url = `${endpointUrl ?? `https://${awsHost('secretsmanager', region)}`}/`
  const body = JSON.stringify({ SecretId: ref.arn })
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': TARGET }
  const proof = await signedHeaders(credentials, {
    ...{ method: 'POST', url, headers, body },
    ...{ service: 'secretsmanager', region },
  })
  const { status, text } = await httpCall({ method: 'POST', url, headers: { ...headers, ...proof }, body, stallMs: STALL_MS })
  const { SecretString, SecretBinary, __type = '' } = parsed(text)
  if (status === 200 && SecretString !== undefined) return { text: SecretString }
  if (status === 200 && SecretBinary !== undefined) return { text: Buffer.from(SecretBinary, 'base64').toString() }
  const trouble = __type.split('#').at(-1) || `it was answered with ${status}`
  if (status >= 500 || status === 429 || /Throttl|TooManyRequests/.test(trouble)) return { trouble }
  throw unreadable(ref, trouble)
}

const read = async (grant: Grant, ref: Ref): Promise<string> => {
  const deadline = performance.now() + DEADLINE_MS
  const backoff = openBackoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
  for (;;) {
    const answer = await ask(grant, ref).catch((error: unknown) => {
      if (error instanceof RemoteError) throw error
      return { trouble: error instanceof Error ? error.message : String(error) }
    })
    if ('text' in answer) return answer.text
    if (performance.now() + backoff.most() > deadline) throw unreadable(ref, answer.trouble)
    await delay(backoff.next())
  }
}

/** Names of variables alone: beside a session's secrets its request may be kept, under a name that no variable can have. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

const valuesOf = (ref: Ref, text: string): [string, string][] => {
  if (!ref.json) return [[ref.name, text]]
  const values: unknown = parsed(text)
  if (typeof values !== 'object' || values === null) throw unreadable(ref, 'it is not an object of values')
  return Object.entries(values).filter(
    (entry): entry is [string, string] => VARIABLE.test(entry[0]) && typeof entry[1] === 'string',
  )
}

/** The values that a grant names, read with its own credentials. Throws a refusal that says which cannot be read and why. */
export const readSecrets = async (grant: Grant): Promise<Record<string, string>> => {
  const all = await Promise.all(grant.secrets.map(async (ref) => valuesOf(ref, await read(grant, ref))))
  return Object.fromEntries(all.flat())
}
