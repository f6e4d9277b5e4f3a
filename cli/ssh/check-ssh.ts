import type { Cloud } from '../cloud/clouds-file.ts'
import { type Finding, ok, warn } from '../finding.ts'
import type { Io } from '../io.ts'
import { runProgram } from './run-program.ts'

const RUN_MS = 5000

/** What `remote ssh` and `remote forward` need: an endpoint over there and OpenSSH here. Sessions run without. */
export const checkSsh = async ({ env }: Pick<Io, 'env'>, { connectEndpoint, stack, region }: Cloud): Promise<Finding> => {
  if (connectEndpoint === undefined) {
    const deploy = `remote cloud deploy --stack ${stack} --region ${region} --set instanceConnect=true`
    return warn('ssh', 'the stack has no Instance Connect Endpoint: machines cannot be reached', `one is free: ${deploy}`)
  }
  const found = await runProgram('ssh', ['-V'], { env, timeoutMs: RUN_MS }).catch(() => undefined)
  if (found?.code !== 0)
    return warn('ssh', 'OpenSSH is not installed here', 'install it, for example: sudo apt-get install openssh-client')
  return ok('ssh', `${found.stderr.split(',')[0]?.trim()}, through ${connectEndpoint}`)
}
