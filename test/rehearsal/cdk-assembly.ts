import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { buildRunnerBundle } from '../../build-runner-bundle.ts'
import { ACCOUNT, REGION } from './cloud.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const kept = join(tmpdir(), 'remote-rehearsal-assemblies')
/** All that a synthesis reads. */
const SOURCES = ['infra', 'core', 'lambdas', 'agent-bootstrap/boot', 'dist/lambdas', 'dist/runner.js', 'dist/sandbox.js']
const SETTINGS = ['cdk.json', 'package.json', 'package-lock.json', 'build-runner-bundle.ts']
const OLD_MS = 60 * 60_000

type Asset = { source: { path: string; packaging: 'file' | 'zip' }; destinations: Record<string, { objectKey: string }> }
/** What a deployment is made of: files for the assets' bucket, and stacks in their order. */
export type Assembly = { files: { path: string; key: string }[]; stacks: { name: string; template: string }[] }

const filesBelow = async (path: string): Promise<string[]> => {
  if ((await stat(path)).isFile()) return [path]
  const entries = await readdir(path, { withFileTypes: true, recursive: true })
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : [])).sort()
}

const fingerprint = async (settings: Record<string, string>): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify(settings))
  for (const source of [...SOURCES, ...SETTINGS])
    for (const file of await filesBelow(join(root, source))) hash.update(file).update(await readFile(file))
  return hash.digest('hex').slice(0, 32)
}

const synthesize = async (dir: string, settings: Record<string, string>) => {
  // A copy: dist/ may be built again while this goes on.
  const dist = join(dir, 'dist')
  await cp(join(root, 'dist', 'lambdas'), join(dist, 'lambdas'), { recursive: true })
  buildRunnerBundle('x64', join(dist, 'runner-bundle', 'x64'))
  const { context } = JSON.parse(await readFile(join(root, 'cdk.json'), 'utf8')) as { context: Record<string, unknown> }
  const given = Object.entries({ architectures: 'x64', dist, ...settings }).map(([name, value]) => [`remote.${name}`, value])
  const env = {
    PATH: process.env['PATH'] ?? '',
    CDK_OUTDIR: join(dir, 'out'),
    CDK_DEFAULT_REGION: REGION,
    CDK_DEFAULT_ACCOUNT: ACCOUNT,
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...Object.fromEntries(given) }),
  }
  await run(process.execPath, ['infra/app.ts'], { cwd: root, env })
}

const readAssembly = async (dir: string): Promise<Assembly> => {
  const out = join(dir, 'out')
  const json = async <T>(name: string) => JSON.parse(await readFile(join(out, name), 'utf8')) as T
  type Artifact = { type: string; properties: { file?: string; templateFile?: string } }
  const { artifacts } = await json<{ artifacts: Record<string, Artifact> }>('manifest.json')
  const assembly: Assembly = { files: [], stacks: [] }
  for (const [name, { type, properties }] of Object.entries(artifacts)) {
    if (type === 'aws:cloudformation:stack') assembly.stacks.push({ name, template: join(out, properties.templateFile ?? '') })
    if (type !== 'cdk:asset-manifest') continue
    const { files } = await json<{ files: Record<string, Asset> }>(properties.file ?? '')
    for (const { source, destinations } of Object.values(files))
      for (const { objectKey: key } of Object.values(destinations)) {
        const path = join(out, source.path)
        assembly.files.push({ key, path: source.packaging === 'zip' ? `${path}.zip` : path })
      }
  }
  return assembly
}

const zipDirectories = async (dir: string) => {
  for (const { path } of (await readAssembly(dir)).files.filter(({ path: file }) => file.endsWith('.zip'))) {
    const source = path.replace(/\.zip$/, '')
    await run('python3', ['-m', 'zipfile', '-c', path, ...(await readdir(source))], { cwd: source })
  }
}

const forgetOld = async () => {
  for (const name of await readdir(kept)) {
    const dir = join(kept, name)
    if (Date.now() - (await stat(dir)).mtimeMs > OLD_MS) await rm(dir, { recursive: true, force: true })
  }
}

/** The stacks as the CDK makes them from the real app; once for all tests that want the same, because it takes many seconds. */
export const cdkAssembly = async (settings: Record<string, string>): Promise<Assembly> => {
  await mkdir(kept, { recursive: true })
  const dir = join(kept, await fingerprint(settings))
  const known = await readAssembly(dir).catch(() => undefined)
  if (known) return known
  await forgetOld()
  const fresh = await mkdtemp(join(kept, 'new-'))
  await synthesize(fresh, settings)
  await zipDirectories(fresh)
  // Whoever comes second finds the same.
  await rename(fresh, dir).catch(() => rm(fresh, { recursive: true, force: true }))
  return readAssembly(dir)
}
