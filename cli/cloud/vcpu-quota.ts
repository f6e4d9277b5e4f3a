import { AwsV4Signer } from 'aws4fetch'
import { awsHost } from '../../core/contract/aws-host.ts'
import type { Keys } from './aws-tools.ts'
import { exchange } from './exchange.ts'

/** Of Service Quotas: vCPUs of standard machines (A, C, D, H, I, M, R, T, Z) that may run at the same time. */
export const QUOTAS = { 'on demand': 'L-1216C47A', spot: 'L-34B43A08' } as const

const ANSWER_MS = 10_000

export type QuotaAsk = { region: string; keys: Keys; endpoint: string | undefined; code: string }

/** One call of `GetServiceQuota`; undefined when it is not answered, whatever the reason: not everybody may look. */
export const vcpuQuota = async ({ region, keys, endpoint, code }: QuotaAsk): Promise<number | undefined> => {
  const url = endpoint ?? `https://${awsHost('servicequotas', region)}/`
  const body = JSON.stringify({ ServiceCode: 'ec2', QuotaCode: code })
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'ServiceQuotasV20190624.GetServiceQuota' }
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const signer = new AwsV4Signer({
    method: 'POST',
    url,
    headers,
    body,
    service: 'servicequotas',
    region,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  })
  const signed = Object.fromEntries((await signer.sign()).headers)
  const { status, bytes } = await exchange({ method: 'POST', url, headers: signed, body, timeoutMs: ANSWER_MS })
  const value = /"Value"\s*:\s*([\d.]+)/.exec(bytes.toString('utf8'))?.[1]
  return status === 200 && value !== undefined ? Number(value) : undefined
}
