import { RemoteError } from '../../core/contract/remote-error.ts'
import { checkApi, checkCredentials, checkQuotas, checkSocket, checkStack } from '../cloud/check-cloud.ts'
import { checkLaunch } from '../cloud/check-launch.ts'
import { connectCloud } from '../cloud/connect-cloud.ts'
import { openedCloud } from '../cloud/opened-cloud.ts'
import type { Finding } from '../finding.ts'
import { fail } from '../finding.ts'
import { showFindings } from '../output/findings.ts'
import { checkSsh } from '../ssh/check-ssh.ts'
import type { Command } from '../verbs/verb.ts'

/** Each check tries what it is about. One that everything else needs ends the list. */
export const cloudDoctor: Command = async (call) => {
  const { io, flags } = call
  const parts = ['orphans', 'end', 'yes'].filter((name) => flags.on(name))
  if (parts.length > 0 && parts[0] !== 'orphans') {
    throw new RemoteError('usage', `--${parts[0]} belongs to --orphans`, { hint: 'remote cloud doctor --orphans --end' })
  }
  if (flags.on('orphans')) return (await import('./cloud-orphans.ts')).cloudOrphans(call)
  const checks: Finding[] = []
  const show = () => showFindings(io, checks, flags.on('json'))
  try {
    const opened = await openedCloud(io, flags.text('on'))
    checks.push(...(await checkCredentials(opened)))
    const { cloud, finding } = await checkStack(opened)
    const connection = cloud && connectCloud(io, opened.runtime, cloud, { quiet: true })
    const called = connection ? [checkApi(connection), checkSocket(connection), checkSsh(io, cloud)] : []
    const launching = cloud ? checkLaunch(io, opened) : []
    const [quotas, launch, ...calls] = await Promise.all([checkQuotas(io, opened), launching, ...called])
    checks.push(finding, ...calls, ...launch, ...quotas)
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    checks.push(fail('access', error.message, error.hint ?? 'see AWS’s own tools: aws sts get-caller-identity'))
  }
  return show()
}
