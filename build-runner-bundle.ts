import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

const root = dirname(fileURLToPath(import.meta.url))
const readJson = <T>(file: string): T => JSON.parse(readFileSync(join(root, file), 'utf8')) as T

export type Architecture = 'x64' | 'arm64'
export type RunnerBundle = { file: string; sha256: string; bytes: number; version: string }

/** Installs agents on machines that have no npm; its own Node runs it. */
const NPM = '11.21.2'

type Entry = { name: string; mode: number; bytes: Buffer }

const BLOCK = 512
const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`

/** One file of a tar (ustar) that is the same whoever makes it, whenever: no owner, no time. */
const tarEntry = ({ name, mode, bytes }: Entry): Buffer => {
  const header = Buffer.alloc(BLOCK)
  // A long path is cut in two at a slash.
  const cut = name.length > 100 ? name.indexOf('/', name.length - 101) : -1
  if (name.length - cut - 1 > 100 || cut > 155) throw new Error(`a path too long for tar: ${name}`)
  header.write(name.slice(cut + 1), 0, 100)
  if (cut > 0) header.write(name.slice(0, cut), 345, 155)
  header.write(octal(mode, 8) + octal(0, 8) + octal(0, 8) + octal(bytes.length, 12) + octal(0, 12) + ' '.repeat(8), 100)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 7)} `, 148)
  return Buffer.concat([header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)])
}

const cacheDir = () => join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'remote-build')

/** Whole or not at all: others read it meanwhile. */
const put = (file: string, bytes: Uint8Array) => {
  mkdirSync(dirname(file), { recursive: true })
  const part = `${file}.${process.pid}`
  writeFileSync(part, bytes)
  renameSync(part, file)
}

/** A package as the registry has it, unpacked; gone again after `use`. */
const fetched = <T>(spec: string, use: (folder: string) => T): T => {
  const dir = mkdtempSync(join(tmpdir(), 'remote-fetched-'))
  try {
    const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', dir, spec], { encoding: 'utf8' })
    if (packed.status !== 0) throw new Error(`${spec} could not be fetched: ${packed.stderr}`)
    const unpacked = spawnSync('tar', ['-xzf', join(dir, packed.stdout.trim()), '-C', dir], { encoding: 'utf8' })
    if (unpacked.status !== 0) throw new Error(`${spec} could not be unpacked: ${unpacked.stderr}`)
    return use(join(dir, 'package'))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const nodeEntry = (arch: Architecture, version: string): Entry => {
  const entry = (file: string) => ({ name: 'bin/node', mode: 0o755, bytes: readFileSync(file) })
  if (process.platform === 'linux' && process.arch === arch) return entry(join(root, 'node_modules', 'node', 'bin', 'node'))
  return fetched(`node-linux-${arch}@${version}`, (folder) => entry(join(folder, 'bin', 'node')))
}

/** Where Node looks for its npm, and the commands by which people know it. */
const npmEntries = (): Entry[] =>
  fetched(`npm@${NPM}`, (folder) => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => relative(folder, join(file.parentPath, file.name)))
      .sort()
    const home = 'lib/node_modules/npm'
    const command = (name: string) => {
      const script = `#!/bin/sh\nbin=$(dirname "$(readlink -f "$0")")\nexec "$bin/node" "$bin/../${home}/bin/${name}-cli.js" "$@"\n`
      return { name: `bin/${name}`, mode: 0o755, bytes: Buffer.from(script) }
    }
    const library = files.map((name) => ({ name: `${home}/${name}`, mode: 0o644, bytes: readFileSync(join(folder, name)) }))
    return [command('npm'), command('npx'), ...library]
  })

/** The pinned Node and npm, first part of the archive. They are 130 MB and take seconds to pack: once per version and architecture. */
const packedNode = (arch: Architecture): Buffer => {
  const { version } = readJson<{ version: string }>('node_modules/node/package.json')
  const file = join(cacheDir(), `node-${version}-npm-${NPM}-linux-${arch}.tar.gz`)
  if (existsSync(file)) return readFileSync(file)
  const packed = gzipSync(Buffer.concat([nodeEntry(arch, version), ...npmEntries()].map(tarEntry)))
  put(file, packed)
  return packed
}

const TERMINALS = '@lydell/node-pty'

/** A file of a package: as installed, else (it is of another architecture) as the registry has it, once. */
const packageFile = (name: string, version: string, file: string): Buffer => {
  const own = join(root, 'node_modules', name, file)
  if (existsSync(own)) return readFileSync(own)
  const kept = join(cacheDir(), `${name.replaceAll('/', '-')}-${version}-${file}`)
  if (!existsSync(kept)) fetched(`${name}@${version}`, (folder) => put(kept, readFileSync(join(folder, file))))
  return readFileSync(kept)
}

/** The terminals' binary for that machine, where the runner looks for it: beside itself. */
const terminalEntries = (arch: Architecture): Entry[] => {
  const version = readJson<{ dependencies: Record<string, string> }>('package.json').dependencies[TERMINALS] ?? ''
  const name = `${TERMINALS}-linux-${arch}`
  const entry = (path: string, bytes: Buffer, mode = 0o644) => ({ name: `node_modules/${path}`, mode, bytes })
  const described = (of: string) =>
    entry(`${of}/package.json`, Buffer.from(JSON.stringify({ name: of, version, license: 'MIT' })))
  return [
    described(TERMINALS),
    entry(`${TERMINALS}/LICENSE`, packageFile(TERMINALS, version, 'LICENSE')),
    described(name),
    entry(`${name}/pty.node`, packageFile(name, version, 'pty.node'), 0o755),
  ]
}

const boot = join(root, 'agent-bootstrap', 'boot')
/** The runner and what it loads when it is needed. */
const PROGRAMS = ['runner.js', 'sandbox.js']

const entries = (version: string, dist: string, arch: Architecture): Entry[] => [
  ...terminalEntries(arch),
  { name: 'version', mode: 0o644, bytes: Buffer.from(`${version}\n`) },
  { name: 'package.json', mode: 0o644, bytes: Buffer.from('{ "type": "commonjs" }\n') },
  ...PROGRAMS.map((name) => ({ name, mode: 0o644, bytes: readFileSync(join(dist, name)) })),
  ...readdirSync(boot)
    .filter((name) => name !== 'user-data.sh')
    .sort()
    .map((name) => ({
      name: `boot/${name}`,
      mode: name.endsWith('.sh') ? 0o755 : 0o644,
      bytes: readFileSync(join(boot, name)),
    })),
]

/** All that a machine needs to run sessions, from the built `dist/`: the same input gives the same bytes. */
export const buildRunnerBundle = (arch: Architecture, outDir?: string, dist = join(root, 'dist')): RunnerBundle => {
  const { version } = readJson<{ version: string }>('package.json')
  const rest = Buffer.concat([...entries(version, dist, arch).map(tarEntry), Buffer.alloc(2 * BLOCK)])
  // Two gzip members are one gzip file.
  const bytes = Buffer.concat([packedNode(arch), gzipSync(rest)])
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const file = join(outDir ?? join(dist, 'runner-bundle', arch), 'runner.tar.gz')
  put(file, bytes)
  put(`${file}.sha256`, Buffer.from(`${sha256}\n`))
  return { file, sha256, bytes: bytes.length, version }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const arch of process.argv.slice(2)) {
    if (arch !== 'x64' && arch !== 'arm64') throw new Error(`there is no runner for ${arch}: x64 or arm64`)
    const { file, sha256, bytes } = buildRunnerBundle(arch)
    console.log(`${file} ${(bytes / 1e6).toFixed(1)} MB ${sha256}`)
  }
