import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const biome = join(root, 'node_modules/.bin/biome')
const sources = globSync('{core,local,cli,agent-bootstrap,lambdas,test,bench}/**/*.ts', { cwd: root })
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** Who may not import whom, a row of the table each: a file, what it must not import, and what it may. */
const ROWS: [file: string, forbidden: string[], allowed: string[]][] = [
  ['core/contract/planted.ts', ['node:fs', '../domain/money.ts', 'hono'], ['zod', './ids.ts']],
  ['core/domain/planted.ts', ['../ports/ports.ts', 'node:fs', '../usecases/dispatch.ts'], ['../contract/ids.ts']],
  ['core/ports/planted.ts', ['../usecases/dispatch.ts', 'node:fs', 'zod'], ['../contract/ids.ts', '../domain/money.ts']],
  [
    'core/usecases/planted.ts',
    ['../api/create-api.ts', 'node:crypto', '../../local/paths.ts'],
    ['../contract/ids.ts', '../ports/ports.ts'],
  ],
  [
    'core/lifecycle/steps/planted.ts',
    ['../../usecases/dispatch.ts', 'node:fs'],
    ['../../ports/ports.ts', '../../domain/money.ts'],
  ],
  ['core/lifecycle/plan.ts', ['./facts.ts', '../contract/ids.ts'], []],
  [
    'core/api/planted.ts',
    ['../ports/ports.ts', '../domain/money.ts', 'node:http'],
    ['hono', '../contract/ids.ts', '../usecases/dispatch.ts'],
  ],
  [
    'agent-bootstrap/planted.ts',
    ['../core/domain/money.ts', '../local/paths.ts', 'hono', 'aws4fetch'],
    ['../core/contract/ids.ts', '../core/domain/redaction.ts', 'node:fs'],
  ],
  [
    'agent-bootstrap/cloud/planted.ts',
    ['../../core/domain/money.ts', '../../lambdas/aws/sha256.ts', '@aws-sdk/client-s3'],
    ['../../core/contract/ids.ts', '../spool-files.ts', 'node:fs', 'aws4fetch'],
  ],
  ['local/planted.ts', ['../cli/main.ts', '../agent-bootstrap/main.ts'], ['../core/usecases/dispatch.ts', 'node:sqlite']],
  [
    'lambdas/planted.ts',
    ['../local/paths.ts', '../cli/main.ts', 'node:sqlite'],
    ['../core/usecases/dispatch.ts', '@aws-sdk/client-s3'],
  ],
  [
    'infra/planted.ts',
    ['../core/usecases/dispatch.ts', '../lambdas/http.ts', '@aws-sdk/client-s3'],
    ['../core/contract/ids.ts', '../core/lifecycle/plan.ts', 'aws-cdk-lib'],
  ],
  ['cli/planted.ts', ['../core/usecases/dispatch.ts', '../local/paths.ts', 'hono'], ['../core/contract/ids.ts', 'node:util']],
]

describe('import rules', () => {
  let copy = ''
  const lint = (file: string, from: string) => {
    const path = join(copy, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `import * as planted from '${from}'\nexport const used = planted\n`)
    const { stdout, stderr } = spawnSync(biome, ['lint', file], { cwd: copy, encoding: 'utf8' })
    rmSync(path)
    return (stdout + stderr).includes('noRestrictedImports')
  }

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'remote-rules-'))
    const config = JSON.parse(read('biome.json')) as { vcs?: unknown }
    delete config.vcs
    writeFileSync(join(copy, 'biome.json'), JSON.stringify(config))
    cpSync(join(root, 'package.json'), join(copy, 'package.json'))
  })
  afterAll(() => rmSync(copy, { recursive: true, force: true }))

  for (const [file, forbidden, allowed] of ROWS) {
    it(`bite in ${dirname(file)}${file.endsWith('plan.ts') ? '/plan.ts' : ''}`, () => {
      for (const from of forbidden) expect([from, lint(file, from)]).toEqual([from, true])
      for (const from of allowed) expect([from, lint(file, from)]).toEqual([from, false])
    })
  }
})

describe('the house', () => {
  it('has no file over 250 lines', () => {
    const long = sources
      .map((file) => [file, read(file).trimEnd().split('\n').length] as const)
      .filter(([, lines]) => lines > 250)
    expect(long).toEqual([])
  })

  it('keeps clock, chance and timers out of core', () => {
    const core = sources.filter((file) => file.startsWith('core/'))
    expect(core.length).toBeGreaterThan(30)
    const impure = core.filter((file) =>
      /\bDate\.now\b|new Date\(\)|Math\.random|\bset(Timeout|Interval)\b|performance\./.test(read(file)),
    )
    expect(impure).toEqual([])
  })

  it('has a lock file for every platform, also after an install on one', () => {
    type Locked = { packages: Record<string, { optionalDependencies?: Record<string, string> }> }
    const { packages } = JSON.parse(read('package-lock.json')) as Locked
    const names = new Set(
      Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)),
    )
    const optional = Object.values(packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}))
    expect(optional.length).toBeGreaterThan(20)
    expect(optional.filter((name) => !names.has(name))).toEqual([])
  })

  it('never looks away from an error or a type', () => {
    const bad = /@ts-(ignore|nocheck|expect-error)|catch( \(\w+\))? \{\s*\}/
    expect(sources.filter((file) => file !== 'test/unit/rules.test.ts' && bad.test(read(file)))).toEqual([])
  })
})
