/** Who made a request, as `requestContext` tells it. */
export type Identity = { accessKey: string; accountId: string; callerId: string; userArn: string; userId: string }
export type Authorized = { allowed: true; identity: Identity } | { allowed: false; code: string; message: string }
export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string; expiration: string }
/** `reached`: whether the machines' groups let it through. */
export type Tunnel =
  | { allowed: true; endpoint: string; address: string; port: number; seconds: number; reached: boolean }
  | { allowed: false; status: number; code: string; message: string }
export type ApiRoute = { key: string; authorization: string; uri: string | null; timeoutMs: number }
export type ApiDescription = {
  id: string
  protocol: 'HTTP' | 'WEBSOCKET'
  account: string
  region: string
  selection: string
  stages: string[]
  routes: ApiRoute[]
}
export type FunctionDescription = {
  name: string
  arn: string
  region: string
  handler: string
  runtime: string
  environment: Record<string, string>
  role: string
  timeoutSeconds: number
  memoryMb: number
  concurrency: number | null
  code: string
  version: string
}
export type Call = { service: string; action: string; principal: string; count: number; bytes: number }
export type Execution = {
  machine: string
  name: string
  status: string
  error: string | null
  cause: string | null
  states: string[]
  transitions: number
}
export type RehearsedInstance = {
  id: string
  type: string
  zone: string
  state: string
  reason: string
  lifecycle: string
  tags: Record<string, string>
  roleArn?: string
  userData?: string
}
/** A fault that AWS answers instead: of a call, or (with zone, type or lifecycle) of one pool of a launch. */
export type Fault = {
  code: string
  service?: string
  action?: string
  message?: string
  zone?: string
  type?: string
  lifecycle?: 'spot' | 'on-demand'
  /** Of every pool. */
  pool?: boolean
  /** Of what the call makes: it is answered as always, and what was made turns out to be of no use. */
  made?: boolean
  times?: number
}
export type PolicyDocument = {
  Version: string
  Statement: { Effect: 'Allow' | 'Deny'; Action: string | string[]; Resource: string | string[]; Condition?: unknown }[]
}

const EVERYTHING: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
}

/** The launcher's own calls, `/_rehearsal/…`: what AWS's services tell each other, and what tests arrange. */
export const createControl = (endpoint: string) => {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${endpoint}/_rehearsal/${path}`, {
      method,
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${(await response.text()).slice(0, 500)}`)
    return (await response.json()) as T
  }
  const named = encodeURIComponent
  type User = { accessKeyId: string; secretAccessKey: string; arn: string; userId: string }
  let admins = 0
  return {
    places: (places: { lambdas?: string; front?: string; instances?: string; tunnels?: string }) =>
      call<null>('PUT', 'places', places),
    authorize: (ask: {
      method: string
      rawPath: string
      rawQuery: string
      headers: Record<string, string>
      bodySha256: string
      action: string
      resource: string
    }) => call<Authorized>('POST', 'authorize', ask),
    tunnel: (ask: { rawPath: string; rawQuery: string; headers: Record<string, string>; bodySha256: string }) =>
      call<Tunnel>('POST', 'tunnels', ask),
    api: (id: string) => call<ApiDescription>('GET', `apis/${named(id)}`),
    function: (name: string) => call<FunctionDescription>('GET', `functions/${named(name)}`),
    code: async (name: string) => {
      const response = await fetch(`${endpoint}/_rehearsal/functions/${named(name)}/code`, {
        signal: AbortSignal.timeout(60_000),
      })
      if (!response.ok) throw new Error(`no code of ${name}: ${response.status}`)
      return new Uint8Array(await response.arrayBuffer())
    },
    /** As Lambda and EC2 get them for what they run. */
    credentials: (role: string, session: string) => call<Credentials>('POST', 'credentials', { role, session }),
    expire: (accessKeyId: string) => call<null>('POST', 'credentials/expire', { accessKeyId }),
    /** `attached`: ARNs of managed policies. */
    user: (name: string, policies: PolicyDocument[], attached: string[] = []) =>
      call<User>('POST', 'users', { name, policies, attached }),
    /** Somebody who may do everything. */
    admin: () => call<User>('POST', 'users', { name: `admin-${++admins}`, policies: [EVERYTHING], attached: [] }),
    role: (name: string, about: { trusts: string; policies: PolicyDocument[] }) =>
      call<{ arn: string }>('POST', 'roles', { name, ...about }),
    /** From now on every call needs a valid signature and a policy that allows it. */
    enforce: (on: boolean) => call<null>('PUT', 'enforcement', { on }),
    denials: () => call<{ principal: string; action: string; resource: string }[]>('GET', 'denials'),
    calls: () => call<Call[]>('GET', 'calls'),
    forgetCalls: () => call<null>('DELETE', 'calls'),
    fault: (fault: Fault) => call<null>('POST', 'faults', fault),
    clearFaults: () => call<null>('DELETE', 'faults'),
    /** From now on, in US dollars: on demand by type, `gp3` or `ipv4`; of the spot market by type and zone. */
    prices: (prices: { listed?: Record<string, number>; spot?: Record<string, Record<string, number>> }) =>
      call<null>('PUT', 'prices', prices),
    executions: () => call<Execution[]>('GET', 'executions'),
    /** What topics were told. */
    messages: () => call<{ topic: string; subject: string | null; message: string }[]>('GET', 'messages'),
    recorded: () => call<{ type: string; name: string; properties: Record<string, unknown> }[]>('GET', 'recorded'),
    /** A scheduled rule's time has come. */
    fire: (rule: string, region: string) => call<{ targets: number }>('POST', `rules/${named(rule)}/fire`, { region }),
    rules: (region: string) =>
      call<{ name: string; schedule: string | null; targets: string[] }[]>('GET', `rules/${named(region)}`),
    instances: () => call<RehearsedInstance[]>('GET', 'instances'),
    /** The spot notice; the machine goes after `seconds`. */
    interrupt: (id: string, seconds: number) => call<null>('POST', `instances/${id}/interrupt`, { seconds }),
    /** As if it had been launched so much earlier. */
    age: (id: string, seconds: number) => call<null>('POST', `instances/${id}/age`, { seconds }),
    /** The same of a volume or a snapshot. */
    ageDisk: (id: string, seconds: number) => call<null>('POST', `disks/${id}/age`, { seconds }),
    rebalance: (id: string) => call<null>('POST', `instances/${id}/rebalance`, {}),
    /** AWS takes the machine without notice. */
    reclaim: (id: string, why: 'spot' | 'capacity' | 'power-loss') => call<null>('POST', `instances/${id}/reclaim`, { why }),
  }
}
export type Control = ReturnType<typeof createControl>
