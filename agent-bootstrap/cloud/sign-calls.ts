import type { Sign } from '../http-socket.ts'
import { learnTime } from './aws-clock.ts'
import { openInstanceCredentials } from './instance-credentials.ts'
import { openInstanceMetadata } from './instance-metadata.ts'
import { signedHeaders } from './sign.ts'

/** Signs calls of the control plane's API as this machine. */
export const signCalls = (region: string | undefined): Sign => {
  const where = region ?? process.env['AWS_REGION']
  if (!where) throw new Error('the region of the control plane is not known: --region R')
  const credentials = openInstanceCredentials(openInstanceMetadata())
  const sign = async (request: Parameters<Sign>[0]) =>
    signedHeaders(await credentials(), { ...request, service: 'execute-api', region: where })
  return Object.assign(sign, { refused: learnTime })
}
