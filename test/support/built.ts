import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Scenarios drive what users run. The test command has built it already and says so. */
export const setup = () => {
  if (process.env['REMOTE_BUILT'] === '1') return
  execFileSync(process.execPath, [fileURLToPath(new URL('../../build.ts', import.meta.url))], { stdio: 'inherit' })
}
