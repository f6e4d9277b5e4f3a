import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** `cwd` as the CDK sees it: it takes cdk.json from there. */
export type Step = { what: string; command: string; args: string[]; cwd: string }

export type Deploying = {
  root: string
  node: string
  stack: string
  region: string
  account: string
  profile: string | undefined
  /** `NAME=VALUE` of infra/config.ts */
  settings: readonly string[]
  isBootstrapped: boolean
}

const QUIETLY = ['--no-notices', '--no-version-reporting']
const ARCHITECTURES = ['x64', 'arm64']

const chosenArchitectures = (settings: readonly string[]): string[] => {
  const given = settings.findLast((one) => one.startsWith('architectures='))
  return given === undefined
    ? ARCHITECTURES
    : given
        .slice('architectures='.length)
        .split(',')
        .map((one) => one.trim())
}

/** Not packed yet, or before the runner was built anew. */
const isStale = (root: string, architecture: string): boolean => {
  const [packed, built] = [join(root, 'dist/runner-bundle', architecture, 'runner.tar.gz'), join(root, 'dist/runner.js')].map(
    (file) => statSync(file, { throwIfNoEntry: false }),
  )
  return !packed || (built !== undefined && packed.mtimeMs < built.mtimeMs)
}

/** The programs that `remote cloud deploy` runs, in order. All of them come with this checkout, at the versions it pins. */
export const deploySteps = ({ root, node, stack, region, account, profile, settings, isBootstrapped }: Deploying): Step[] => {
  const cdk = join(root, 'node_modules/aws-cdk/bin/cdk')
  const as = profile === undefined ? [] : ['--profile', profile]
  const missing = chosenArchitectures(settings).filter((one) => isStale(root, one))
  const context = [`name=${stack}`, ...settings].flatMap((one) => ['-c', `remote.${one}`])
  const steps: (Step | undefined)[] = [
    existsSync(join(root, 'dist/lambdas/http/index.mjs'))
      ? undefined
      : { what: 'building', command: node, args: [join(root, 'build.ts')], cwd: root },
    missing.length === 0
      ? undefined
      : {
          what: `packing the runner for ${missing.join(' and ')}`,
          command: node,
          args: [join(root, 'build-runner-bundle.ts'), ...missing],
          cwd: root,
        },
    isBootstrapped
      ? undefined
      : {
          what: `preparing ${region} for the CDK (once per account and region)`,
          command: node,
          args: [cdk, 'bootstrap', `aws://${account}/${region}`, ...QUIETLY, ...as],
          // Away from our app: it would be read without its settings.
          cwd: dirname(cdk),
        },
    {
      what: `deploying ${stack} (the first time takes about five minutes)`,
      command: node,
      args: [cdk, 'deploy', '--all', '--require-approval', 'never', '--progress', 'events', ...QUIETLY, ...context, ...as],
      cwd: root,
    },
  ]
  return steps.filter((step) => step !== undefined)
}
