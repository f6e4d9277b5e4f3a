import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RemoteError } from '../../core/contract/remote-error.ts'

const NEEDED = ['cdk.json', 'infra/app.ts', 'node_modules/aws-cdk/bin/cdk']

/** Where the stack's source is: around this program, built or not. */
export const findCheckout = (): string => {
  const here = dirname(fileURLToPath(import.meta.url))
  const found = [join(here, '..'), join(here, '..', '..')].find((root) => NEEDED.every((file) => existsSync(join(root, file))))
  if (found) return found
  throw new RemoteError('not_supported', 'this installation of remote does not bring the stack that it would deploy', {
    hint: 'deploy from a checkout of remote: npm ci && npx remote cloud deploy; then here: remote cloud use',
  })
}
