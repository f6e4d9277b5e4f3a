import { join } from 'node:path'
import { removeBelow } from './remove-tree.ts'

/** What a runner has for itself while it runs, and removes when it ends by itself: room on the disk, and bundles on the way. */
const OF_RUNNERS = ['reserve', 'bundles']
const CHECKOUT = ['work', 'git', 'tmp']
/** Of what the agent was given from its user's home, what can hold a login. The next session is given the one that holds then. */
const LOGINS = ['claude/.credentials.json', 'claude/settings.json', 'codex/auth.json', 'codex/config.toml']

/** For a machine that is gone. */
export const cleanAttempt = async (dir: string): Promise<void> => {
  for (const part of OF_RUNNERS) await removeBelow(dir, [part])
}

/** For an ended session. The rest of `agent/` stays: it is the memory that `resume` continues from. */
export const cleanSession = async (dir: string, { keepCheckout }: { keepCheckout: boolean }): Promise<void> => {
  // Beside each what a runner that was killed had half copied (agent-home.ts).
  for (const login of LOGINS.flatMap((file) => [file, `${file}.copy`])) await removeBelow(dir, ['agent', ...login.split('/')])
  await removeBelow(dir, ['agent', 'tmp'])
  if (!keepCheckout) for (const part of CHECKOUT) await removeBelow(dir, [part])
}

/** Whether there is something to clean: known by what is cheap to look at. */
export const checkoutParts = (dir: string): string[] => CHECKOUT.map((part) => join(dir, part))
