import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App } from 'aws-cdk-lib'
import { afterAll } from 'vitest'
import { readConfig } from '../../infra/config.ts'
import { ControlPlaneStack } from '../../infra/control-plane-stack.ts'
import { StateStack } from '../../infra/state-stack.ts'

const FUNCTIONS = ['http', 'socket', 'workspaces', 'step', 'janitor', 'spend', 'spot-notice', 'operate']

/** Stands for what the build makes: one line for each function, one for each runner bundle. */
export const standInDist = (): string => {
  const dist = mkdtempSync(join(tmpdir(), 'remote-dist-'))
  for (const name of FUNCTIONS) {
    mkdirSync(join(dist, 'lambdas', name), { recursive: true })
    writeFileSync(join(dist, 'lambdas', name, 'index.mjs'), `export const handler = async () => ({ name: '${name}' })\n`)
  }
  for (const architecture of ['x64', 'arm64']) {
    const file = join(dist, 'runner-bundle', architecture, 'runner.tar.gz')
    mkdirSync(join(dist, 'runner-bundle', architecture), { recursive: true })
    writeFileSync(file, architecture)
    writeFileSync(`${file}.sha256`, `${createHash('sha256').update(architecture).digest('hex')}\n`)
  }
  return dist
}

const contextOfCheckout = () =>
  (JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as { context: Record<string, unknown> }).context

const made: string[] = []
afterAll(() => made.splice(0).forEach((path) => void rmSync(path, { recursive: true, force: true })))

/** Gone when the tests of this file are over. */
export const temporary = (path: string): string => {
  made.push(path)
  return path
}

/** The app as `infra/app.ts` makes it, with these settings. */
export const openApp = (settings: Record<string, unknown> = {}) => {
  const outdir = temporary(mkdtempSync(join(tmpdir(), 'remote-cdk-')))
  const given = { dist: temporary(standInDist()), ...settings }
  const context = {
    ...contextOfCheckout(),
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`remote.${name}`, value])),
  }
  const app = new App({ outdir, analyticsReporting: false, context })
  const config = readConfig(app.node)
  const state = new StateStack(app, config)
  return { app, outdir, config, state, stack: new ControlPlaneStack(app, config, state) }
}

export type Resource = { Type: string; Properties: Record<string, unknown>; DeletionPolicy?: string }
export type Template = { Resources: Record<string, Resource>; Outputs?: Record<string, { Value: unknown }> }

/** Both stacks' templates. */
export const synthesized = (settings: Record<string, unknown> = {}) => {
  const { app, outdir, config, state, stack } = openApp(settings)
  app.synth()
  const read = (name: string) => JSON.parse(readFileSync(join(outdir, `${name}.template.json`), 'utf8')) as Template
  return { outdir, config, state: read(state.stackName), control: read(stack.stackName) }
}

export const ofType = (template: Template, type: string): [string, Resource][] =>
  Object.entries(template.Resources).filter(([, { Type }]) => Type === type)

export const properties = (template: Template, type: string): Resource['Properties'][] =>
  ofType(template, type).map(([, { Properties }]) => Properties)

/** The same in another region than ours. */
export const synthesizedFor = (region: string, settings: Record<string, unknown> = {}) => {
  const before = process.env['CDK_DEFAULT_REGION']
  process.env['CDK_DEFAULT_REGION'] = region
  try {
    return synthesized(settings)
  } finally {
    if (before === undefined) delete process.env['CDK_DEFAULT_REGION']
    else process.env['CDK_DEFAULT_REGION'] = before
  }
}
