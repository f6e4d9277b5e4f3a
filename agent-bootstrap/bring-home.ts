import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RunSpec } from '../core/contract/runner.ts'
import type { Confine } from './agents/driver.ts'
import type { ControlPlane } from './control-plane-client.ts'
import { importBundles, openRepositoryCache } from './git/repository-cache.ts'
import { sealedGit } from './git/sealed-git.ts'
import type { RunnerArguments } from './runner-arguments.ts'

export type BringHome = {
  args: Pick<RunnerArguments, 'dir' | 'cache'>
  spec: Pick<RunSpec, 'request' | 'homeBundles'>
  plane: Pick<ControlPlane, 'fetchBundle'>
  privateDir: string
  env: Record<string, string>
  confine: Confine
}

const UNPACK_MS = 60_000
/** By whoever the session's commands run as: the directory is theirs, and what stands in it may be a link to anywhere. */
const UNPACK = 'exec tar --extract --file="$1" --directory="$HOME" --no-same-owner'

/** The user's dotfiles into the home directory of the session's machine. */
export const bringHome = async ({ args, spec, plane, privateDir, env, confine }: BringHome): Promise<void> => {
  const source = spec.request.home
  if (!source) return
  const arrived = join(args.dir, 'home-bundles')
  const archive = join(privateDir, 'home.tar')
  try {
    await mkdir(arrived, { recursive: true, mode: 0o700 })
    const cache = await openRepositoryCache(args.cache, source)
    await importBundles(cache, spec.homeBundles ?? [], async (bundle) => {
      const file = join(arrived, bundle.sha256)
      await plane.fetchBundle(bundle, file)
      return file
    })
    await sealedGit(['archive', '--format=tar', `--output=${archive}`, source.commit], { gitDir: cache })
    const confined = await confine('/bin/sh', ['-c', UNPACK, 'sh', archive], env)
    await promisify(execFile)(confined.command, confined.args, { env: confined.env, cwd: '/', timeout: UNPACK_MS })
  } finally {
    await Promise.all([rm(arrived, { recursive: true, force: true }), rm(archive, { force: true })])
  }
}
