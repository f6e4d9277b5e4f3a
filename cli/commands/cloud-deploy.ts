import { RemoteError } from '../../core/contract/remote-error.ts'
import { type AwsAccess, awsAccess } from '../cloud/aws-access.ts'
import { findCheckout } from '../cloud/checkout.ts'
import { deploySteps } from '../cloud/deploy-steps.ts'
import { DEFAULT_STACK, regionOf } from '../cloud/find-stack.ts'
import { allSettings, keptSettings } from '../cloud/kept-settings.ts'
import { runStep } from '../cloud/run-step.ts'
import { confirm } from '../confirm.ts'
import { write } from '../io.ts'
import type { Command } from '../verbs/verb.ts'
import { version } from '../version.ts'
import { useCloud } from './cloud-use.ts'

const BOOTSTRAP_STACK = 'CDKToolkit'
/** As infra/config.ts takes it. */
const NAME = /^[a-z][a-z0-9-]{0,23}$/
const SETTING = /^[a-zA-Z0-9]+=/

const stackOrNone = async (access: AwsAccess, stack: string) => {
  try {
    return await access.describeStack(stack)
  } catch (error) {
    if (error instanceof RemoteError && error.code === 'not_found') return undefined
    throw error
  }
}

const COSTS = [
  'What it costs (us-east-1; other regions differ a little):',
  '  while nobody works   about $0: nothing runs; what is stored is $0.023 per GB and month',
  '  a session            under $0.001 an hour for the control plane, and its machine while it lives:',
  '                       t3.small $0.021, m6i.4xlarge $0.768 an hour (spot: about a third), address $0.005, disk $0.08 per GB and month',
  '  at most              $10 a day before new sessions are refused (--set dailyBudgetUsd=…)',
].join('\n')

/** Says what will be there and what it costs, asks, and runs the pinned CDK of this checkout. */
export const cloudDeploy: Command = async (call) => {
  const { io, flags } = call
  const quiet = flags.on('quiet')
  const stack = flags.text('stack') ?? DEFAULT_STACK
  if (!NAME.test(stack)) {
    throw new RemoteError('usage', `\`${stack.slice(0, 40)}\` cannot name a stack`, {
      hint: 'up to 24 small letters, digits and dashes, beginning with a letter',
    })
  }
  const given = flags.all('set')
  const odd = given.find((one) => !SETTING.test(one))
  if (odd !== undefined) {
    throw new RemoteError('usage', `--set: \`${odd.slice(0, 40)}\` is no NAME=VALUE`, {
      hint: 'for example: --set dailyBudgetUsd=25',
    })
  }
  const root = findCheckout()
  const access = awsAccess(io.env, { profile: flags.text('profile'), region: flags.text('region') })
  const region = await regionOf(access)
  const at = awsAccess(io.env, { profile: access.profile, region })
  const { account, arn } = await at.identity()
  const [before, toolkit] = await Promise.all([stackOrNone(at, stack), stackOrNone(at, BOOTSTRAP_STACK)])
  const was = before ? `there is version ${before.outputs['Version'] ?? '?'} (${before.status})` : 'there is none yet'
  const plan = `stack ${stack}, version ${version()}: ${was}\naccount ${account}, region ${region}, as ${arn}\n`
  const kept = keptSettings(before?.outputs['Settings'], given, root)
  const settings = allSettings(kept, given)
  const again = kept.length > 0 ? `kept from before: ${kept.join(' ')} (--set NAME= gives one up)\n` : ''
  if (!quiet) await write(io.stderr, `${plan}${again}${COSTS}\n`)
  await confirm(io, {
    question: 'Deploy?',
    what: 'this makes things in your AWS account',
    declined: 'nothing was deployed',
    verb: 'remote cloud deploy',
    isSure: flags.on('yes'),
  })
  const isBootstrapped = toolkit !== undefined
  const { profile } = access
  const steps = deploySteps({ root, node: process.execPath, stack, region, account, profile, settings, isBootstrapped })
  for (const step of steps) {
    if (!quiet) await write(io.stderr, `\n${step.what}\n`)
    await runStep(io, step, { region, quiet })
  }
  return useCloud(call, { access: at, stack, region })
}
