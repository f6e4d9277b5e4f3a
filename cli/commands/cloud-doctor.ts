import { RemoteError } from '../../core/contract/remote-error.ts'
import { checkApi, checkCredentials, checkQuotas, checkSocket, checkStack } from '../cloud/check-cloud.ts'
import { connectCloud } from '../cloud/connect-cloud.ts'
import { openedCloud } from '../cloud/opened-cloud.ts'
import type { Finding } from '../finding.ts'
import { fail } from '../finding.ts'
import { showFindings } from '../output/findings.ts'
import type { Command } from '../verbs/verb.ts'

/** Each check tries what it is about. One that everything else needs ends the list. */
export const cloudDoctor: Command = async ({ io, flags }) => {
  const checks: Finding[] = []
  const show = () => showFindings(io, checks, flags.on('json'))
  try {
    const opened = await openedCloud(io, flags.text('on'))
    checks.push(...(await checkCredentials(opened)))
    const { cloud, finding } = await checkStack(opened)
    const connection = cloud && connectCloud(io, opened.runtime, cloud, { quiet: true })
    const called = connection ? [checkApi(connection), checkSocket(connection)] : []
    const [quotas, ...calls] = await Promise.all([checkQuotas(io, opened), ...called])
    checks.push(finding, ...calls, ...quotas)
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    checks.push(fail('access', error.message, error.hint ?? 'see AWS’s own tools: aws sts get-caller-identity'))
  }
  return show()
}
