import * as z from 'zod'

const json = <T extends z.ZodType>(schema: T) => z.preprocess((text) => JSON.parse(String(text)) as unknown, schema)
const Bundle = z.object({ bucket: z.string(), key: z.string(), sha256: z.string() })

/** What the stack tells its functions, by environment variables; infra/ sets exactly these, for each function those it uses. */
const VARIABLES = {
  /** Name of the stack, by which its machines and secrets are known. */
  STACK: z.string(),
  VERSION: z.string(),
  TABLE: z.string(),
  BUCKET: z.string(),
  STATE_MACHINE_ARN: z.string(),
  /** Assumed for the grant of one session. */
  SESSION_ROLE_ARN: z.string(),
  /** Assumed for the agent of one session, where agents may invoke models without a key; else empty. */
  MODEL_ROLE_ARN: z.string().transform((arn) => arn || undefined),
  /** Name of the role that machines have. */
  MACHINE_ROLE: z.string(),
  /** Of the profile that every machine of the stack has, tags or not. */
  MACHINE_PROFILE_ARN: z.string(),
  /** `https://…/<stage>` of the WebSocket API, where frames are posted. */
  CONNECTIONS_URL: z.string(),
  /** `{"x64": {"id": "lt-…", "version": "3"}, "arm64": …}` */
  LAUNCH_TEMPLATES: json(z.record(z.string(), z.object({ id: z.string(), version: z.string() }))),
  /** `[{"id": "subnet-…", "zone": "us-east-1a"}, …]` */
  SUBNETS: json(z.array(z.object({ id: z.string(), zone: z.string() }))),
  /** `{"x64": {"bucket": "…", "key": "…", "sha256": "…"}, …}` */
  RUNNER_BUNDLES: json(z.record(z.string(), Bundle)),
  /** `{"x64": "/remote/…", …}`: parameters that name the image which machines boot. */
  IMAGE_PARAMETERS: json(z.record(z.string(), z.string())),
  /** Name of the function that launches and ends machines. */
  STEP_FUNCTION: z.string(),
  BOOT_SECONDS: z.coerce.number(),
  /** How long the bucket keeps what sessions made, at least. */
  KEPT_DAYS: z.coerce.number(),
  /** What the machines of one session may store in the bucket. */
  STORED_GB: z.coerce.number(),
  DISK_GB: z.coerce.number(),
  TOPIC_ARN: z.string(),
  DAILY_BUDGET_USD: z.coerce.number(),
  AWS_REGION: z.string(),
} as const

export type Variable = keyof typeof VARIABLES
export type Environment<V extends Variable> = { [N in V]: z.infer<(typeof VARIABLES)[N]> }

/** The variables a function needs, or an error that names the one that is missing or wrong. */
export const readEnvironment = <V extends Variable>(env: NodeJS.ProcessEnv, names: readonly V[]): Environment<V> => {
  const read = (name: V) => {
    if (env[name] === undefined) throw new Error(`the function has no variable ${name}: deploy the stack again`)
    const parsed = VARIABLES[name].safeParse(env[name])
    if (!parsed.success) throw new Error(`the function's variable ${name} is ${JSON.stringify(env[name])}`)
    return [name, parsed.data]
  }
  return Object.fromEntries(names.map(read)) as Environment<V>
}
