import { chmodSync, chownSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Grant } from '../../core/contract/runner.ts'
import type { openRedaction } from '../../core/domain/redaction.ts'
import { lookUpUser } from '../agent-user.ts'

type Login = NonNullable<Grant['agent']>
type Hide = ReturnType<typeof openRedaction>['hide']

/** As AWS's SDKs take it from the program of `credential_process`, which they run again before it expires. */
const asProcessSays = ({ credentials, expiresAt }: Login) =>
  JSON.stringify({
    Version: 1,
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: expiresAt,
  })

const hiddenIn = ({ credentials }: Login) => [
  { name: 'AWS_SECRET_ACCESS_KEY', value: credentials.secretAccessKey },
  { name: 'AWS_SESSION_TOKEN', value: credentials.sessionToken },
]

/**
 * The agent's own credentials of this account, as a file that its SDK reads: whole at any moment, for the agent's user alone, in a directory
 * where that user can put nothing in our way. `user`: who that is; undefined when it is ourselves.
 */
export const keepAgentLogin = (
  first: Login,
  { region, dir, user }: { region: string; dir: string; user: string | undefined },
) => {
  const place = join(dir, 'login')
  const owner = user === undefined ? undefined : lookUpUser(user)
  const write = (name: string, text: string) => {
    const file = join(place, name)
    writeFileSync(`${file}.new`, text, { mode: 0o400 })
    if (owner) chownSync(`${file}.new`, owner.uid, owner.gid)
    renameSync(`${file}.new`, file)
    return file
  }
  mkdirSync(place, { recursive: true })
  chmodSync(place, 0o711)
  const file = write('credentials.json', asProcessSays(first))
  const config = write('config', `[default]\nregion = ${region}\ncredential_process = /bin/cat ${file}\n`)
  let current = first
  let hide: Hide | undefined
  return {
    /** Without the metadata service, which answers the agent's user nothing. */
    env: { AWS_CONFIG_FILE: config, AWS_REGION: region, AWS_EC2_METADATA_DISABLED: 'true' },
    renewed: (next: Login) => {
      current = next
      hide?.(hiddenIn(next))
      write('credentials.json', asProcessSays(next))
    },
    /** Tells what must not be seen in the log, now and whenever it changes: before the agent can know it. */
    onHidden: (tell: Hide) => {
      hide = tell
      tell(hiddenIn(current))
    },
  }
}
