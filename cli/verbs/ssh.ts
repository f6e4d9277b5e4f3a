import { JSON_FLAG, QUIET_FLAG, SESSION, type Verb } from './verb.ts'

export const SSH_VERBS: readonly Verb[] = [
  {
    name: 'ssh',
    group: 'places',
    summary: 'open a shell on the machine of a session in AWS, or run a command there',
    about:
      'OpenSSH through your stack’s EC2 Instance Connect Endpoint, which costs nothing: no port is open to the internet and no key is kept. A new key is made for each connection and lets you in for a minute; the machine’s host key is the one it told the control plane. You are the agent’s own user; the checkout is ~/work. A tunnel lasts an hour at most. For a terminal that survives that, and a closed laptop: remote connect.',
    args: [
      SESSION,
      { name: 'COMMAND', summary: 'what to run there, after `--`; a shell when left out', optional: true, rest: true },
    ],
    flags: [QUIET_FLAG],
    examples: [
      ['remote ssh s-7k3', 'a shell on its machine'],
      ['remote ssh s-7k3 -- tail -n 50 work/build.log', 'one command; ends with its exit code'],
    ],
    load: async () => (await import('../commands/ssh.ts')).ssh,
  },
  {
    name: 'forward',
    group: 'places',
    summary: 'make a port of a session’s machine in AWS a port of this computer',
    about:
      'Listens on 127.0.0.1 until Ctrl-C, or until the session ends. When the connection breaks, or the endpoint’s hour is over, it is opened again.',
    args: [SESSION, { name: 'PORT[:PORT]', summary: 'port here, and the one there where that is another' }],
    flags: [JSON_FLAG, QUIET_FLAG],
    examples: [
      ['remote forward s-7k3 3000', 'http://127.0.0.1:3000 is what listens on 3000 there'],
      ['remote forward s-7k3 8080:80', 'its port 80, here on 8080'],
    ],
    load: async () => (await import('../commands/forward.ts')).forward,
  },
  {
    name: 'ssh-config',
    group: 'places',
    summary: 'print settings of OpenSSH with which scp, rsync and editors reach machines of sessions in AWS',
    about:
      'A session is then the host SESSION.remote, with any unique prefix of its id. They hold until remote is installed elsewhere.',
    args: [],
    flags: [],
    examples: [['remote ssh-config', 'add it to ~/.ssh/config; then: scp s-7k3.remote:work/report.txt .']],
    load: async () => (await import('../commands/ssh-config.ts')).sshConfig,
  },
  {
    name: 'ssh-proxy',
    group: 'places',
    hidden: true,
    summary: 'carry the bytes of an ssh connection; ssh starts it (see ssh-config)',
    args: [{ ...SESSION, optional: true }],
    flags: [
      { name: 'prepared', type: 'string', value: 'DIR', summary: 'directory of a connection that was prepared by `remote ssh`' },
    ],
    examples: [],
    load: async () => (await import('../commands/ssh-proxy.ts')).sshProxy,
  },
]
