import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { oneStart } from './build-one-start.ts'
import { pastBarrels } from './build-past-barrels.ts'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')

const PROGRAMS = {
  run: 'cli/run.ts',
  daemon: 'local/daemon-main.ts',
  runner: 'agent-bootstrap/main.ts',
  sandbox: 'agent-bootstrap/sandbox-line.ts',
  aws: 'cli/cloud/aws-tools.ts',
}

/** Functions of the control plane in AWS, each with what it needs of the SDK and nothing else. */
const LAMBDAS = ['http', 'socket', 'workspaces', 'step', 'janitor', 'spend', 'spot-notice', 'operate']

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
const define = { REMOTE_VERSION: JSON.stringify(version) }

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node22',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
}

const SANDBOX_LIBRARY = join('@anthropic-ai', 'sandbox-runtime')
const OURS = { 'node:crypto': 'crypto', '../utils/which.js': 'which', '../utils/ripgrep.js': 'ripgrep' } as const

/** Parts of the sandbox library that only cost time at the start of a session (processes, a large module) are ours. */
const quickSandbox: Plugin = {
  name: 'quick-sandbox',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^(node:crypto|\.\.\/utils\/(which|ripgrep)\.js)$/ }, ({ path, importer }) =>
      importer.includes(SANDBOX_LIBRARY)
        ? { path: join(root, 'agent-bootstrap/sandbox-library', `${OURS[path as keyof typeof OURS]}.ts`) }
        : undefined,
    ),
}

/** The compile cache holds what the first run of a file needed, and that may have been a session without a sandbox. */
const sandboxApart: Plugin = {
  name: 'sandbox-apart',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/sandbox-line\.ts$/ }, () => ({ path: './sandbox.js', external: true })),
}

/** As large as all the rest, and only for clouds. */
const awsApart: Plugin = {
  name: 'aws-apart',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/aws-tools\.ts$/ }, () => ({ path: './aws.js', external: true })),
}

/**
 * The SDK's schemas of all operations lie in one module whose objects have computed keys, which a bundler must take for code that does
 * something. Written as what they are, those that nobody uses are left out.
 */
const withPlainKeys = (text: string): string => {
  const names = new Map([...text.matchAll(/^const (_\w+) = ("[^"\\\n]*");$/gm)].map(([, name, value]) => [name, value]))
  return text.replaceAll(/\[(_\w+)\]:/g, (key, name) => (names.has(name) ? `${names.get(name)}:` : key))
}

const SCHEMAS = /@aws-sdk\/[^/]+\/.*schemas_\d+\.js$/

/** The SDK, so that of its code there is what is used, where it is used. */
const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup: (building) => {
    const past = pastBarrels(building)
    building.onLoad({ filter: /(node_modules\/@(smithy|aws-sdk)\/.*\.js|lambdas\/aws\/aws-json\.ts)$/ }, async ({ path }) => {
      const text = await past(path, readFileSync(path, 'utf8'))
      return { contents: SCHEMAS.test(path) ? withPlainKeys(text) : text, loader: path.endsWith('.ts') ? 'ts' : 'js' }
    })
  },
}

/** One CommonJS file each: loading twenty modules costs 20 ms, and what is imported lazily is evaluated lazily here, too. */
const program = (name: string, entry: string, outdir: string): BuildOptions => ({
  ...common,
  entryPoints: { [name]: entry },
  outdir,
  format: 'cjs',
  sourcemap: 'external',
  mainFields: ['module', 'main'],
  define: { ...define, 'import.meta.url': '__url' },
  plugins: [quickSandbox, sandboxApart, awsApart, leanSdk],
  // Native accelerators of ws that nobody installs.
  external: ['bufferutil', 'utf-8-validate'],
  banner: { js: "const __url=require('node:url').pathToFileURL(__filename).href;" },
})

const environmentCredentials: Plugin = {
  name: 'environment-credentials',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({
      path: join(root, 'lambdas/sdk/environment-credentials.ts'),
    })),
}

/** An import of one of Node's own modules asks it for every export, and some load more: that of `node:fs` all of its promises. */
const builtinsAsTheyAre: Plugin = {
  name: 'builtins-as-they-are',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
  },
}

/** Reads what browsers call themselves. */
const BROWSERS = ['bowser']

const lambda = (name: string, outdir: string): BuildOptions => ({
  ...common,
  entryPoints: { index: `lambdas/${name}.ts` },
  outdir: join(outdir, 'lambdas', name),
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  target: 'node24',
  // What a call does not need is not read for it.
  splitting: true,
  chunkNames: '[name]-[hash]',
  // The modules of the SDK are half as large as its CommonJS and start sooner.
  mainFields: ['module', 'main'],
  define,
  plugins: [environmentCredentials, leanSdk, builtinsAsTheyAre],
  external: BROWSERS,
  // What is CommonJS in there asks for Node's own modules.
  banner: { js: "const require=process.getBuiltinModule('node:module').createRequire(import.meta.url);" },
})

/** What `remote` is: it answers what it can and loads the rest from the compile cache. */
const entry = (outdir: string, help: string): BuildOptions => ({
  ...common,
  entryPoints: { remote: 'cli/remote.ts' },
  outdir,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  define: { ...define, REMOTE_HELP: JSON.stringify(help) },
  // `require` instead: the loader of modules is not started at all.
  supported: { 'dynamic-import': false },
  plugins: [
    {
      name: 'the-rest-stays-apart',
      setup: ({ onResolve }) => onResolve({ filter: /^\.\/run\.ts$/ }, () => ({ path: './run.js', external: true })),
    },
  ],
})

/** What the program itself says, so that it need not be loaded to say it. */
const helpOf = (outdir: string): string => {
  const script = `import(${JSON.stringify(join(outdir, 'run.js'))}).then(({ run }) => run(['--help']))`
  const asked = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
  if (asked.status !== 0 || asked.stdout === '') throw new Error(`remote --help failed (${asked.status}): ${asked.stderr}`)
  return asked.stdout
}

/** Of what a deployment is made: where two differ, the stack is not what this checkout would deploy, whatever the version says. */
const stackDigest = (outdir: string): string => {
  const below = (dir: string) =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
      .sort()
  const sources = ['infra', 'agent-bootstrap/boot', 'core/lifecycle'].flatMap((dir) =>
    below(join(root, dir)).map((file) => [relative(root, file), file]),
  )
  const built = [...below(join(outdir, 'lambdas')), join(outdir, 'runner.js')].map((file) => [relative(outdir, file), file])
  const hash = createHash('sha256')
  for (const [name = '', file = ''] of [...sources, ...built]) hash.update(`${name}\n`).update(readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

const buildInto = async (outdir: string): Promise<void> => {
  for (const [name, file] of Object.entries(PROGRAMS)) {
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing`)
    await build(program(name, file, outdir))
  }
  await Promise.all(
    LAMBDAS.map(async (name) => {
      await build(lambda(name, outdir))
      await oneStart(join(outdir, 'lambdas', name))
    }),
  )
  writeFileSync(join(outdir, 'stack-digest'), `${stackDigest(outdir)}\n`)
  // The package as a whole is modules.
  writeFileSync(join(outdir, 'package.json'), '{ "type": "commonjs" }\n')
  await build(entry(outdir, helpOf(outdir)))
  chmodSync(join(outdir, 'remote.cjs'), 0o755)
}

/** Whole or not at all: whoever runs from dist/ meanwhile never sees half of it. */
const swapIn = (fresh: string): void => {
  const old = `${fresh}-old`
  if (existsSync(dist)) renameSync(dist, old)
  renameSync(fresh, dist)
  rmSync(old, { recursive: true, force: true })
}

const fresh = mkdtempSync(join(root, '.build-'))
try {
  await buildInto(fresh)
  chmodSync(fresh, 0o755)
  swapIn(fresh)
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
