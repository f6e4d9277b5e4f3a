import type { DryLaunch, DryLaunches } from '../../core/contract/operate.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import { type Finding, fail, ok, warn } from '../finding.ts'
import type { Io } from '../io.ts'
import { askOperate } from './ask-operate.ts'
import type { Opened } from './opened-cloud.ts'

const findingOf = ({ what, missing, message }: DryLaunch): Finding => {
  const name = `launch ${what}`
  if (missing) {
    const on = missing.resource === undefined ? '' : ` on ${missing.resource}`
    return fail(
      name,
      `the stack may not use ${missing.action}${on}`,
      'deploy it again: remote cloud deploy; if it stays so, a policy of your organisation (SCP) or a permissions boundary forbids it',
    )
  }
  return fail(name, message ?? 'EC2 refuses it', 'deploy the stack again: remote cloud deploy')
}

/** A launch that EC2 checks and does not do, by the function that launches and with what it would ask for. */
export const checkLaunch = async (io: Io, opened: Opened): Promise<Finding[]> => {
  try {
    const { launches } = await askOperate<DryLaunches>(io, opened, { ask: 'dry-launch' })
    const wrong = launches.filter((launch) => !launch.ok)
    if (wrong.length > 0) return wrong.map(findingOf)
    return [ok('launch', `EC2 would: ${launches.map(({ what }) => what).join('; ')}`)]
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    return [warn('launch', `not tried: ${error.message}`, error.hint ?? 'deploy the stack again: remote cloud deploy')]
  }
}
