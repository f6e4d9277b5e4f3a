import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Dispatch, type DispatchInput } from '../../../core/contract/dispatch.ts'
import { admitAgent } from '../../../local/admit-agent.ts'

const freshHome = () => mkdtempSync(join(tmpdir(), 'home-'))
const ask = (more: Partial<DispatchInput>) => Dispatch.parse({ task: 'fix it', ...more })

it.runIf(process.platform === 'linux')('an agent without anything to log in with is refused with what to do', async () => {
  await expect(admitAgent(ask({ agent: 'claude' }), freshHome())).rejects.toMatchObject({
    code: 'no_credentials',
    hint: expect.stringContaining('ANTHROPIC_API_KEY'),
  })
})

it.each<Partial<DispatchInput>>([
  { agent: 'shell' },
  { agent: 'claude', credentials: { ANTHROPIC_API_KEY: 'a key' } },
  { agent: 'claude', secrets: ['CLAUDE_CODE_OAUTH_TOKEN'] },
  { agent: 'codex', env: { OPENAI_API_KEY: 'a key' } },
  { agent: 'other', agentCommand: 'other --acp' },
])('%j is let in', async (more) => {
  await admitAgent(ask(more), freshHome())
})

it('an own login of the agent is enough', async () => {
  const home = freshHome()
  mkdirSync(join(home, '.claude'))
  writeFileSync(join(home, '.claude', '.credentials.json'), '{}')
  await admitAgent(ask({ agent: 'claude' }), home)
})
