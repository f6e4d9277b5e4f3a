import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processFacts } from '../../../../local/adapters/process-facts.ts'

/** As much of a runner as compute can see: it claims its attempt, starts a child in a session of its own, and stays. */
const argument = (name: string) => process.argv[process.argv.indexOf(name) + 1] ?? ''
const dir = argument('--dir')
const attempt = argument('--attempt')

appendFileSync(join(dir, 'starts'), `${process.pid}\n`)
try {
  const claim = { pid: process.pid, startTime: processFacts(process.pid)?.startTime }
  writeFileSync(join(dir, `attempt-${attempt}.json`), JSON.stringify(claim), { flag: 'wx' })
} catch {
  process.exit(75)
}
if (existsSync(join(dir, 'broken'))) process.exit(1)
spawn('sh', ['-c', 'exec setsid sleep 600'], { detached: true, stdio: 'ignore' }).unref()
// Its child clears its environment: only its descent tells whose it is.
spawn('sh', ['-c', 'env -i sleep 600'], { detached: true, stdio: 'ignore' }).unref()
setInterval(() => undefined, 1000)
