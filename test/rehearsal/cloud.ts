import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Aws, openAws } from './aws.ts'
import { type Front, openFront } from './front.ts'
import { type LambdaHost, openLambdaHost } from './lambda-host.ts'
import { openTunnels, type Tunnels } from './tunnels.ts'

export const REGION = 'us-east-1'
export const ACCOUNT = '123456789012'

export type Cloud = Aws & {
  dir: string
  lambdas: LambdaHost
  front: Front
  tunnels: Tunnels
  /** Environment of a program that uses this AWS with the given key. */
  env(key: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }): Record<string, string>
}

/** A whole AWS of our own on loopback, with nothing deployed: moto, functions that run, APIs that answer. */
export const openCloud = async (options: { longestMs?: number } = {}): Promise<Cloud> => {
  const dir = await mkdtemp(join(tmpdir(), 'remote-rehearsal-'))
  const closing: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })]
  const close = async () => {
    for (const end of closing.reverse()) await end()
  }
  try {
    const aws = await openAws()
    closing.push(aws.close)
    const { control, endpoint } = aws
    const lambdas = await openLambdaHost({ control, endpoint, dir: join(dir, 'functions') })
    closing.push(lambdas.close)
    const front = await openFront({ control, lambdas, ...options })
    closing.push(front.close)
    const tunnels = await openTunnels({ control, dir: join(dir, 'tunnels') })
    closing.push(tunnels.close)
    await control.places({ lambdas: lambdas.url, front: front.url, tunnels: tunnels.host })
    const env = ({ accessKeyId, secretAccessKey, sessionToken }: Parameters<Cloud['env']>[0]) => ({
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
      NODE_EXTRA_CA_CERTS: tunnels.certificate,
      // Nothing of the user's own account may be found by chance.
      AWS_CONFIG_FILE: join(dir, 'no-config'),
      AWS_SHARED_CREDENTIALS_FILE: join(dir, 'no-credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
    })
    return { ...aws, dir, lambdas, front, tunnels, env, close }
  } catch (error) {
    await close()
    throw error
  }
}
