import { AwsV4Signer } from 'aws4fetch'
import { awsHost } from '../../core/contract/aws-host.ts'
import type { Keys } from '../cloud/aws-tools.ts'
import { type Exchange, exchange } from '../cloud/exchange.ts'
import type { Target } from './target.ts'

export const SERVICE = 'ec2-instance-connect'
const ANSWER_MS = 15_000
/** For how long a tunnel may be asked for with an address that was signed. */
const SIGNED_SECONDS = 60
/** The endpoint's own limit: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-quotas.html */
export const TUNNEL_SECONDS = 3600
const SSH_PORT = 22

type Signing = { env: NodeJS.ProcessEnv; region: string; keys: Keys }
type Call = { service: string; type: string; body: string; headers?: Record<string, string> }

const addressOf = (env: NodeJS.ProcessEnv, service: string, region: string): string =>
  env[`AWS_ENDPOINT_URL_${service.toUpperCase().replaceAll('-', '_')}`] ||
  env['AWS_ENDPOINT_URL'] ||
  `https://${awsHost(service, region)}/`

/** One signed POST. Two of these are not worth an SDK client each: they would be most of a megabyte. */
const call = async ({ env, region, keys }: Signing, { service, type, body, headers }: Call): Promise<Exchange> => {
  const url = addressOf(env, service, region)
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const more = sessionToken === undefined ? {} : { sessionToken }
  const asked = { method: 'POST', url, headers: { 'content-type': type, ...headers }, body }
  const signer = new AwsV4Signer({ ...asked, service, region, accessKeyId, secretAccessKey, ...more })
  return exchange({ ...asked, headers: Object.fromEntries((await signer.sign()).headers), timeoutMs: ANSWER_MS })
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceConnectEndpoints.html */
export const describeEndpoint = (signing: Signing, endpoint: string): Promise<Exchange> => {
  const ask = { Action: 'DescribeInstanceConnectEndpoints', Version: '2016-11-15', 'InstanceConnectEndpointId.1': endpoint }
  const body = new URLSearchParams(ask).toString()
  return call(signing, { service: 'ec2', type: 'application/x-www-form-urlencoded; charset=utf-8', body })
}

/** https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html */
export const sendPublicKey = (
  signing: Signing,
  { instance, user }: Pick<Target, 'instance' | 'user'>,
  publicKey: string,
): Promise<Exchange> => {
  const body = JSON.stringify({ InstanceId: instance, InstanceOSUser: user, SSHPublicKey: publicKey })
  const headers = { 'x-amz-target': 'AWSEC2InstanceConnectService.SendSSHPublicKey' }
  return call(signing, { service: SERVICE, type: 'application/x-amz-json-1.1', body, headers })
}

/** The address of a tunnel, with the right to open it for a minute. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-using-eice.html */
export const tunnelAddress = async ({ region, endpoint, host, address }: Target, keys: Keys): Promise<string> => {
  const url = new URL(`https://${host}/openTunnel`)
  const ask = {
    instanceConnectEndpointId: endpoint,
    maxTunnelDuration: String(TUNNEL_SECONDS),
    privateIpAddress: address,
    remotePort: String(SSH_PORT),
    'X-Amz-Expires': String(SIGNED_SECONDS),
  }
  for (const [name, value] of Object.entries(ask)) url.searchParams.set(name, value)
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const more = sessionToken === undefined ? {} : { sessionToken }
  const given = { method: 'GET', url: url.href, signQuery: true, service: SERVICE, region, accessKeyId, secretAccessKey, ...more }
  const signed = await new AwsV4Signer(given).sign()
  return signed.url.href.replace(/^https/, 'wss')
}
