import { spawn } from 'node:child_process'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildRunnerBundle } from '../../build-runner-bundle.ts'
import { ACCOUNT, type Cloud, REGION } from './cloud.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const LONGEST_MS = 300_000

export type Outputs = Record<string, Record<string, string>>

const cdk = (args: string[], cwd: string, env: Record<string, string>): Promise<string> =>
  new Promise((resolve, reject) => {
    const program = join(root, 'node_modules/aws-cdk/bin/cdk')
    const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk))
    const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(late)
      if (code === 0) resolve(said)
      else reject(new Error(`cdk ${args.join(' ')}: ${code}\n${said.slice(-8000)}`))
    })
  })

/**
 * The real `cdk bootstrap` and `cdk deploy` of the real stacks, also over those that are there; `context` are the settings of
 * infra/config.ts. Answers each stack's outputs.
 */
export const deployStacks = async (cloud: Cloud, context: Record<string, string>): Promise<Outputs> => {
  const { accessKeyId, secretAccessKey } = await cloud.control.admin()
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: cloud.dir,
    ...cloud.env({ accessKeyId, secretAccessKey }),
    // moto's CloudFormation recognises its own templates by this name.
    AWS_ENDPOINT_URL: `http://localhost:${cloud.port}`,
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    CI: 'true',
  }
  // A copy: dist/ may be built again while this goes on.
  const dist = join(cloud.dir, 'dist')
  await cp(join(root, 'dist', 'lambdas'), join(dist, 'lambdas'), { recursive: true })
  buildRunnerBundle('x64', join(dist, 'runner-bundle', 'x64'))
  const given = Object.entries({ architectures: 'x64', dist, ...context }).flatMap(([name, value]) => [
    '-c',
    `remote.${name}=${value}`,
  ])
  const outputs = join(cloud.dir, 'outputs.json')
  const quiet = ['--no-version-reporting', '--no-notices']
  // Away from cdk.json: bootstrapping needs no app.
  await cdk(['bootstrap', `aws://${ACCOUNT}/${REGION}`, ...quiet], cloud.dir, env)
  const place = ['--output', join(cloud.dir, 'cdk.out'), '--outputs-file', outputs]
  await cdk(['deploy', '--all', '--require-approval', 'never', '--concurrency', '2', ...place, ...quiet, ...given], root, env)
  return JSON.parse(await readFile(outputs, 'utf8')) as Outputs
}
