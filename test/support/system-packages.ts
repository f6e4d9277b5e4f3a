import { spawnSync } from 'node:child_process'

/** What tests need of the system: a program, and Debian's package that has it. */
const NEEDED = {
  git: 'git',
  'git-lfs': 'git-lfs',
  bwrap: 'bubblewrap',
  socat: 'socat',
  rg: 'ripgrep',
  ssh: 'openssh-client',
  openssl: 'openssl',
  debootstrap: 'debootstrap',
  ip: 'iproute2',
  ps: 'procps',
  python3: 'python3',
}

const has = (program: string) => spawnSync('/bin/sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0
const apt = (...args: string[]) =>
  spawnSync('apt-get', ['-qq', '-y', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0

/** Debian keeps what makes a Python environment in a package of its own. */
const makesPythonEnvironments = () => spawnSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'ignore' }).status === 0

const missing = () => [
  ...Object.entries(NEEDED)
    .filter(([program]) => !has(program))
    .map(([, name]) => name),
  ...(makesPythonEnvironments() ? [] : ['python3-venv']),
]

/** Installs what is missing where that is possible (Debian, as root). Answers the packages that are missing still. */
export const installMissing = (): string[] => {
  const wanted = missing()
  if (wanted.length === 0 || process.getuid?.() !== 0 || !has('apt-get')) return wanted
  console.log(`installing for the tests: ${wanted.join(' ')}`)
  return apt('update') && apt('install', '--no-install-recommends', ...wanted) ? missing() : wanted
}
