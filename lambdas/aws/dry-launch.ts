import { CreateFleetCommand, type EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2'
import type { DryLaunch } from '../../core/contract/operate.ts'
import type { Architecture } from '../../core/contract/runner.ts'
import { smallestOf } from '../../core/domain/catalogue.ts'
import { meaningOf } from './ec2-errors.ts'
import { fleetRequest } from './fleet-request.ts'
import type { Round } from './launch-round.ts'

export type Launcher = {
  ec2: EC2Client
  stack: string
  subnets: Round['subnets']
  templates: Readonly<Record<string, Round['launchTemplate']>>
}

/** EC2's answer to a dry run that would have been done. */
const WOULD_BE_DONE = 'DryRunOperation'

const answerOf = (what: string, error: unknown): DryLaunch => {
  const { name: code, message } = error instanceof Error ? error : { name: 'Unknown', message: String(error) }
  if (code === WOULD_BE_DONE) return { what, ok: true }
  const [, action, resource] = /not authorized to perform:? ([\w-]+:\w+)(?: on resource: (\S+))?/.exec(message) ?? []
  const meaning = meaningOf(code)
  const missing = action === undefined ? undefined : { action, ...(resource !== undefined && { resource }) }
  const why = meaning.do === 'refuse' ? meaning.why : 'EC2 does not take it now'
  return { what, ok: false, code, message: `${why}: ${message.split(' Encoded')[0]?.slice(0, 500)}`, ...(missing && { missing }) }
}

/**
 * Asks EC2 whether a launch would be allowed, for each architecture, spot and on demand, with the launch's own request. A fleet's dry run
 * looks at CreateFleet alone, so the machine that it would run is asked about by itself.
 */
export const dryLaunch = async ({ ec2, stack, subnets, templates }: Launcher): Promise<DryLaunch[]> => {
  const session = 's-0000000000'
  const asked = async (what: string, call: () => Promise<unknown>): Promise<DryLaunch> => {
    try {
      await call()
      return { what, ok: false, code: 'Unknown', message: 'EC2 took a dry run for a real one' }
    } catch (error) {
      return answerOf(what, error)
    }
  }
  /** A zone that lacks the type says nothing of the others. */
  const askedInTurn = async (what: string, calls: readonly (() => Promise<unknown>)[]): Promise<DryLaunch> => {
    let answer: DryLaunch = { what, ok: false, code: 'Unknown', message: 'the stack has no subnets' }
    for (const call of calls) {
      answer = await asked(what, call)
      if (answer.ok || meaningOf(answer.code ?? '').do !== 'elsewhere') return answer
    }
    return answer
  }
  const launches = Object.entries(templates).flatMap(([architecture, launchTemplate]) =>
    [false, true].map((spot): [string, Round] => {
      const { instance } = smallestOf(architecture as Architecture)
      const round = { number: 1, spot, instance, subnets, launchTemplate }
      return [`${instance} (${architecture}) ${spot ? 'spot' : 'on demand'}`, round]
    }),
  )
  return Promise.all(
    launches.flatMap(([what, round]) => {
      const { launchTemplate, instance, spot } = round
      const request = fleetRequest({ session, attempt: 1, stack, round, ttlSeconds: 60 })
      const { TagSpecifications } = request
      const { ClientToken: _, ...fleet } = request
      const machine = {
        MinCount: 1,
        MaxCount: 1,
        LaunchTemplate: { LaunchTemplateId: launchTemplate.id, Version: launchTemplate.version },
        InstanceType: instance as never,
        TagSpecifications,
        ...(spot && { InstanceMarketOptions: { MarketType: 'spot' as const } }),
      }
      return [
        asked(`fleet of one ${what}`, () => ec2.send(new CreateFleetCommand({ ...fleet, DryRun: true }))),
        askedInTurn(
          what,
          subnets.map(
            ({ id }) =>
              () =>
                ec2.send(new RunInstancesCommand({ ...machine, SubnetId: id, DryRun: true })),
          ),
        ),
      ]
    }),
  )
}
