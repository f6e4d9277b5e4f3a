import { type Aws, openAws } from '../rehearsal/aws.ts'

/** What every client of the AWS SDK needs to reach it. */
export type MotoConfig = {
  region: string
  endpoint: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}
/** `control` counts calls and lets them fail. */
export type Moto = { config: MotoConfig; control: Aws['control']; stop(): Promise<void> }

const notProved = (error: unknown) => {
  const isMissing = error instanceof Error && /No module named|ENOENT/.test(error.message)
  const message = "not proved: the adapters of AWS's storage (moto is not installed: pip install 'moto[server]')"
  return isMissing ? new Error(message, { cause: error }) : error
}

/** AWS's storage services in memory, in a process of their own on a free port. `stop` ends it. */
export const startMoto = async (): Promise<Moto> => {
  const aws = await openAws().catch((error: unknown) => {
    throw notProved(error)
  })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  return { config: { region: 'us-east-1', endpoint: aws.endpoint, credentials }, control: aws.control, stop: aws.close }
}
