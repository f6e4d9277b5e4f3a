import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunSpec } from '../core/contract/runner.ts'
import type { Checkout } from './bring-result.ts'
import type { ControlPlane } from './control-plane-client.ts'
import { around } from './failpoints.ts'
import { checkout } from './git/checkout.ts'
import type { RunnerArguments } from './runner-arguments.ts'

/** The session's repository, from the bundles that the control plane has and the machine does not. */
export const bringRepository = async (
  args: Pick<RunnerArguments, 'dir' | 'cache'>,
  spec: RunSpec,
  plane: Pick<ControlPlane, 'fetchBundle'>,
  workDir: string,
): Promise<Checkout> => {
  const arrived = join(args.dir, 'bundles')
  const fetchBundle = async (bundle: RunSpec['bundles'][number]) => {
    await mkdir(arrived, { recursive: true, mode: 0o700 })
    const file = join(arrived, bundle.sha256)
    await plane.fetchBundle(bundle, file)
    return file
  }
  try {
    return await around('checkout', () => checkout({ spec, cacheDir: args.cache, workDir, fetchBundle }))
  } finally {
    await rm(arrived, { recursive: true, force: true })
  }
}
