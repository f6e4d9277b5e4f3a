import type { InstanceMetadata } from './instance-metadata.ts'
import type { Credentials } from './sign.ts'

const EARLY_MS = 300_000
/** The service gives new ones in its own time: until then it is not asked for each call. */
const ASK_AGAIN_MS = 10_000

const PATH = 'meta-data/iam/security-credentials/'
type Held = { credentials: Credentials; expiresAt: number; askedAt: number }

/** The machine's own credentials (its instance role's), from 5 minutes before their end on new ones as soon as there are some. */
export const openInstanceCredentials = (metadata: Pick<InstanceMetadata, 'get'>, now: () => number = Date.now) => {
  let held: Held | undefined
  let asking: Promise<Held> | undefined

  const ask = async (): Promise<Held> => {
    const role = (await metadata.get(PATH))?.split('\n')[0]
    const text = role && (await metadata.get(`${PATH}${role}`))
    if (!text) throw new Error('the machine has no role')
    const { AccessKeyId, SecretAccessKey, Token, Expiration } = JSON.parse(text) as Record<string, string | undefined>
    if (!AccessKeyId || !SecretAccessKey || !Token || !Expiration) throw new Error(`the role ${role} gives no credentials`)
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token }
    return { credentials, expiresAt: Date.parse(Expiration), askedAt: now() }
  }

  return async (): Promise<Credentials> => {
    const isDue = !held || (now() > held.expiresAt - EARLY_MS && now() > held.askedAt + ASK_AGAIN_MS)
    if (isDue) {
      asking ??= ask().finally(() => {
        asking = undefined
      })
      try {
        held = await asking
      } catch (error) {
        // Those at hand may still hold for minutes.
        if (!held || now() >= held.expiresAt) throw error
        held = { ...held, askedAt: now() }
      }
    }
    if (!held) throw new Error('the machine has no credentials')
    return held.credentials
  }
}
