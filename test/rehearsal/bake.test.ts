import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DescribeImagesCommand, DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { REGION } from './cloud.ts'
import { packageSource } from './package-source.ts'
import { openRehearsalInUse, type Rehearsal } from './rehearsal.ts'
import { until } from './until.ts'

/** A machine boots, installs, and its disk becomes an image, on a slow machine. */
const PATIENCE_MS = 300_000

let rehearsal: Rehearsal
let ec2: EC2Client
const dir = mkdtempSync(join(tmpdir(), 'remote-bake-'))
beforeAll(async () => {
  const image = packageSource(dir, [
    'build-essential',
    'python3',
    'python3-venv',
    'rsync',
    'podman',
    'podman-docker',
    'uidmap',
    'slirp4netns',
    'fuse-overlayfs',
  ])
  mkdirSync(join(image, 'root'), { mode: 0o700 })
  // There is no registry for them either, and that is no news after a minute.
  writeFileSync(join(image, 'root', '.npmrc'), 'fetch-retries=0\n')
  rehearsal = await openRehearsalInUse({ baked: [image] })
  const credentials = await rehearsal.cloud.control.admin()
  ec2 = new EC2Client({ region: REGION, endpoint: rehearsal.endpoint, credentials })
}, 660_000)
afterAll(async () => {
  await rehearsal?.close()
  rmSync(dir, { recursive: true, force: true })
})

const seen = () =>
  [...rehearsal.cloud.lambdas.logs(), ...(rehearsal?.consoles ?? [])].map(([name, log]) => `${name}\n${log}`).join('\n')
const images = async () =>
  (await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters: [{ Name: 'tag:remote:stack', Values: ['remote'] }] })))
    .Images ?? []
const alive = async () => (await rehearsal.cloud.control.instances()).filter(({ state }) => state !== 'terminated')
const bake = async () => {
  const { code, out, stderr } = await rehearsal.cli(['cloud', 'bake', '--yes', '--json'])
  expect(code, stderr + seen()).toBe(0)
  return JSON.parse(out) as { image: string; replaced: string[] }
}

it('says what it costs, and buys nothing where nobody says yes', async () => {
  const { code, stderr } = await rehearsal.cli(['cloud', 'bake'])
  expect([code, stderr]).toEqual([5, expect.stringMatching(/a cent[\s\S]*nobody is here to ask[\s\S]*cloud bake --yes/)])
  expect(await rehearsal.cloud.control.instances()).toEqual([])
})

it('what is baked is what the next machine boots: nothing is downloaded or installed', { timeout: PATIENCE_MS }, async () => {
  const { image } = await bake()
  expect(await alive()).toEqual([])
  const [made] = await images()
  const tags = Object.fromEntries((made?.Tags ?? []).map(({ Key, Value }) => [Key, Value]))
  expect([made?.ImageId, tags['remote:image'], tags['remote:stack']]).toEqual([image, 'x64', 'remote'])
  expect(tags['remote:runner']).toMatch(/^[0-9a-f]{16}$/)

  const dispatched = await rehearsal.cli(['dispatch', '--agent', 'shell', '--no-repo', '--detach', '--quiet', 'sleep 600'])
  const id = dispatched.out.trim()
  const running = await until(
    'its machine runs it',
    async () => {
      const { out } = await rehearsal.cli(['status', '--json'])
      const { sessions } = JSON.parse(out) as { sessions: { id: string; state: string }[] }
      const isRunning = sessions.some((session) => session.id === id && session.state === 'running')
      return isRunning ? (await alive())[0] : undefined
    },
    PATIENCE_MS,
  )
  const machine = await rehearsal.machines?.instances.get(running.id)?.machine
  const look = `until [ "$(systemctl show -p ActiveState --value remote-toolchain.service)" = inactive ]; do sleep 0.2; done
    ls /opt/remote; ls -A /var/lib/apt/lists | wc -l; dpkg-query -W -f '\${db:Status-Status}\\n' build-essential python3-venv; cat /etc/machine-id | wc -c`
  const found = ((await machine?.run('sh', '-c', look)) ?? '').trim().split('\n')
  // One runner, the baked one; no list of packages was fetched; they are there; and it has an identity of its own.
  expect(found.slice(0, 2).sort()).toEqual([tags['remote:runner'], 'current'].sort())
  expect(found.slice(2)).toEqual(['0', 'installed', 'installed', '33'])
  expect((await rehearsal.cli(['terminate', id, '--wait'])).code).toBe(0)
})

it('Ctrl-C ends the machine, and nothing is made', { timeout: PATIENCE_MS }, async () => {
  const before = (await images()).length
  const child = rehearsal.world.start(['cloud', 'bake', '--yes'])
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const isFirst = !/installing the runner/.test(said)
    said += text
    if (isFirst && /installing the runner/.test(said)) child.kill('SIGINT')
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect([code, said]).toEqual([5, expect.stringMatching(/interrupted: i-\w+ was ended/)])
  await until('nothing runs', async () => ((await alive()).length === 0 ? true : undefined), PATIENCE_MS)
  expect(await images()).toHaveLength(before)
})

it('the newest two are kept, with their snapshots; the one before them goes', { timeout: 2 * PATIENCE_MS }, async () => {
  const first = (await images()).map(({ ImageId }) => ImageId)
  const second = await bake()
  expect(second.replaced).toEqual([])
  const third = await bake()
  expect(third.replaced).toEqual(first)
  const left = await images()
  expect(left.map(({ ImageId }) => ImageId).sort()).toEqual([second.image, third.image].sort())
  const { Snapshots = [] } = await ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:remote:image', Values: ['x64'] }] }),
  )
  expect(Snapshots).toHaveLength(2)
})

it('nobody needed a permission that the stacks do not give', async () => {
  expect(await rehearsal.cloud.control.denials()).toEqual([])
})
