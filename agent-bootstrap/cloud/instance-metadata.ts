import { setTimeout as delay } from 'node:timers/promises'
import { type HttpAnswer, httpCall } from './http-call.ts'

const ADDRESS = 'http://169.254.169.254'
const TOKEN_SECONDS = 21_600
/** It is on the machine's own host. */
const ANSWER_MS = 2000
const TRIES = 4
const FIRST_PAUSE_MS = 100

/** The machine's metadata service, version 2. `base` is its address, for rehearsals. */
export const openInstanceMetadata = (base = process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] || ADDRESS) => {
  const root = base.replace(/\/$/, '')
  let token: { value: string; until: number } | undefined

  const call = (method: string, path: string, headers: Record<string, string>) =>
    httpCall({ method, url: `${root}/latest/${path}`, headers, stallMs: ANSWER_MS })

  const freshToken = async (): Promise<string> => {
    if (token && performance.now() < token.until) return token.value
    const { status, text } = await call('PUT', 'api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_SECONDS) })
    if (status !== 200) throw new Error(`the metadata service gives no token (${status})`)
    token = { value: text, until: performance.now() + (TOKEN_SECONDS - 60) * 1000 }
    return text
  }

  const once = async (path: string): Promise<HttpAnswer> => {
    const answer = await call('GET', path, { 'x-aws-ec2-metadata-token': await freshToken() })
    if (answer.status === 401) token = undefined
    return answer
  }

  /** What is at a path; undefined when there is nothing. Throws when the service does not answer, after some tries. */
  const get = async (path: string): Promise<string | undefined> => {
    for (let tried = 1, pause = FIRST_PAUSE_MS; ; tried++, pause *= 2) {
      try {
        const { status, text } = await once(path)
        if (status === 200) return text
        if (status === 404) return undefined
        throw new Error(`the metadata service answered ${status} for ${path}`)
      } catch (error) {
        if (tried === TRIES) throw error
        await delay(pause)
      }
    }
  }
  return { get }
}
export type InstanceMetadata = ReturnType<typeof openInstanceMetadata>
