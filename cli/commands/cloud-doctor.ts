import { RemoteError } from '../../core/contract/remote-error.ts'
import {
  checkApi,
  checkCredentials,
  checkLogin,
  checkNearest,
  checkQuotas,
  checkSocket,
  checkStack,
} from '../cloud/check-cloud.ts'
import { checkLaunch } from '../cloud/check-launch.ts'
import { connectCloud } from '../cloud/connect-cloud.ts'
import { openedCloud } from '../cloud/opened-cloud.ts'
import type { Finding } from '../finding.ts'
import { fail } from '../finding.ts'
import type { Flags } from '../flags.ts'
import { showFindings } from '../output/findings.ts'
import { checkSsh } from '../ssh/check-ssh.ts'
import type { Command } from '../verbs/verb.ts'

/** What belongs to what: a flag that would be ignored is refused. */
const BELONGS: Readonly<Record<string, readonly string[]>> = {
  end: ['orphans'],
  instance: ['live'],
  spot: ['live'],
  yes: ['orphans', 'live'],
}
const checkFlags = (flags: Flags) => {
  if (flags.on('orphans') && flags.on('live'))
    throw new RemoteError('usage', '--orphans and --live are two checks', { hint: 'one after the other' })
  for (const [name, owners] of Object.entries(BELONGS)) {
    if (!flags.has(name) || owners.some((owner) => flags.on(owner))) continue
    throw new RemoteError('usage', `--${name} belongs to --${owners.join(' and --')}`, {
      hint: `for example: remote cloud doctor --${owners[0]} --${name}`,
    })
  }
}

/** Each check tries what it is about. One that everything else needs ends the list. */
export const cloudDoctor: Command = async (call) => {
  const { io, flags } = call
  checkFlags(flags)
  if (flags.on('orphans')) return (await import('./cloud-orphans.ts')).cloudOrphans(call)
  if (flags.on('live')) return (await import('./cloud-live.ts')).cloudLive(call)
  const checks: Finding[] = []
  const show = () => showFindings(io, checks, flags.on('json'))
  try {
    const opened = await openedCloud(io, flags.text('on'))
    checks.push(...(await checkCredentials(opened)), ...(await checkNearest(io, opened)))
    const { cloud, finding } = await checkStack(opened)
    const connection = cloud && connectCloud(io, opened.runtime, cloud, { quiet: true })
    const called = connection ? [checkApi(connection), checkSocket(connection), checkSsh(io, cloud), checkLogin(connection)] : []
    const launching = cloud ? checkLaunch(io, opened) : []
    const [quotas, launch, ...calls] = await Promise.all([checkQuotas(io, opened), launching, ...called])
    checks.push(finding, ...calls, ...launch, ...quotas)
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    checks.push(fail('access', error.message, error.hint ?? 'see AWS’s own tools: aws sts get-caller-identity'))
  }
  return show()
}
