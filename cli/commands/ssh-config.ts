import { join } from 'node:path'
import { SSH_USER } from '../../core/contract/ssh.ts'
import { write } from '../io.ts'
import { thisProgram } from '../ssh/open-connection.ts'
import { sharedRoot } from '../ssh/shared-directory.ts'
import { keyIn, knownHostsIn } from '../ssh/ssh-directory.ts'
import { literal, quoted, sshOptions } from '../ssh/ssh-options.ts'
import type { Command } from '../verbs/verb.ts'

export const sshConfig: Command = async ({ io }) => {
  const at = join(literal(sharedRoot(io.env)), '%h')
  const proxy = `${literal(thisProgram().map(quoted).join(' '))} ssh-proxy %h`
  const options = sshOptions({ user: SSH_USER, proxy, key: keyIn(at), knownHosts: knownHostsIn(at) })
  const lines = options.map(([name, value]) => `  ${name} ${value}\n`)
  await write(io.stdout, `# Machines of remote's sessions in AWS, as SESSION.remote\nHost *.remote\n${lines.join('')}`)
  return 0
}
