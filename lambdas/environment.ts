type Read<T> = (text: string) => T

const text: Read<string> = (value) => value
const number: Read<number> = (value) => {
  const read = Number(value)
  if (value.trim() === '' || Number.isNaN(read)) throw new Error('no number')
  return read
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const hasTexts = <Name extends string>(value: unknown, names: readonly Name[]): value is Record<Name, string> =>
  isObject(value) && names.every((name) => typeof value[name] === 'string')

/** JSON: a list, or an object by name, of objects that have these texts. */
const listOf =
  <Name extends string>(...names: readonly Name[]): Read<Record<Name, string>[]> =>
  (value) => {
    const read: unknown = JSON.parse(value)
    if (!Array.isArray(read) || !read.every((item) => hasTexts(item, names))) throw new Error('no such list')
    return read as Record<Name, string>[]
  }
const byName =
  <Name extends string>(...names: readonly Name[]): Read<Record<string, Record<Name, string>>> =>
  (value) => {
    const read: unknown = JSON.parse(value)
    if (!isObject(read) || !Object.values(read).every((item) => hasTexts(item, names))) throw new Error('no such object')
    return read as Record<string, Record<Name, string>>
  }
const texts: Read<Record<string, string>> = (value) => {
  const read: unknown = JSON.parse(value)
  if (!isObject(read) || !hasTexts(read, Object.keys(read))) throw new Error('no object of texts')
  return read
}

/**
 * What the stack tells its functions, by environment variables; infra/ sets exactly these, for each function those it uses. Read without
 * schemas: of those a function would load the library to read its own names.
 */
const VARIABLES = {
  /** Name of the stack, by which its machines and secrets are known. */
  STACK: text,
  VERSION: text,
  TABLE: text,
  BUCKET: text,
  STATE_MACHINE_ARN: text,
  /** Assumed for the grant of one session. */
  SESSION_ROLE_ARN: text,
  /** Assumed for the agent of one session, where agents may invoke models without a key; else empty. */
  MODEL_ROLE_ARN: ((arn) => arn || undefined) as Read<string | undefined>,
  /** Name of the role that machines have. */
  MACHINE_ROLE: text,
  /** Of the profile that every machine of the stack has, tags or not. */
  MACHINE_PROFILE_ARN: text,
  /** `https://…/<stage>` of the WebSocket API, where frames are posted. */
  CONNECTIONS_URL: text,
  /** `{"x64": {"id": "lt-…", "version": "3"}, "arm64": …}` */
  LAUNCH_TEMPLATES: byName('id', 'version'),
  /** `[{"id": "subnet-…", "zone": "us-east-1a"}, …]` */
  SUBNETS: listOf('id', 'zone'),
  /** `{"x64": {"bucket": "…", "key": "…", "sha256": "…"}, …}` */
  RUNNER_BUNDLES: byName('bucket', 'key', 'sha256'),
  /** `{"x64": "/remote/…", …}`: parameters that name the image which machines boot. */
  IMAGE_PARAMETERS: texts,
  /** Name of the function that launches and ends machines. */
  STEP_FUNCTION: text,
  BOOT_SECONDS: number,
  /** How long the bucket keeps what sessions made, at least. */
  KEPT_DAYS: number,
  /** What the machines of one session may store in the bucket. */
  STORED_GB: number,
  DISK_GB: number,
  TOPIC_ARN: text,
  DAILY_BUDGET_USD: number,
  AWS_REGION: text,
} as const

export type Variable = keyof typeof VARIABLES
export type Environment<V extends Variable> = { [N in V]: ReturnType<(typeof VARIABLES)[N]> }

/** The variables a function needs, or an error that names the one that is missing or wrong. */
export const readEnvironment = <V extends Variable>(env: NodeJS.ProcessEnv, names: readonly V[]): Environment<V> => {
  const read = (name: V) => {
    const value = env[name]
    if (value === undefined) throw new Error(`the function has no variable ${name}: deploy the stack again`)
    try {
      return [name, VARIABLES[name](value)]
    } catch (cause) {
      throw new Error(`the function's variable ${name} is ${JSON.stringify(value)}`, { cause })
    }
  }
  return Object.fromEntries(names.map(read)) as Environment<V>
}
