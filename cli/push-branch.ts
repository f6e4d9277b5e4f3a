import { spawn } from 'node:child_process'
import { RemoteError } from '../core/contract/remote-error.ts'
import { withoutOtherGit } from './git/git.ts'
import type { Io } from './io.ts'

const PUSH_MS = 120_000

/** Pushes the branch to origin with the user's own git, credentials and hooks. What git says goes to stderr. */
export const pushBranch = (io: Io, repositoryDir: string, branch: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn('git', ['push', '--set-upstream', 'origin', `${branch}:${branch}`], {
      cwd: repositoryDir,
      env: withoutOtherGit(io.env),
      stdio: ['inherit', 'pipe', 'pipe'],
      timeout: PUSH_MS,
    })
    child.stdout?.on('data', (chunk: Buffer) => io.stderr.write(chunk))
    child.stderr?.on('data', (chunk: Buffer) => io.stderr.write(chunk))
    child.on('error', (cause) => reject(new RemoteError('repository', 'git did not start', { cause })))
    child.on('close', (code) => {
      if (code === 0) return resolve()
      reject(
        new RemoteError('repository', `${branch} could not be pushed to origin`, {
          hint: `it is here; push it: git push origin ${branch}`,
        }),
      )
    })
  })
