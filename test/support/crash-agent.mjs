import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/**
 * An ACP agent in one small file, because hundreds are started: it can be resumed, writes a file for each thing it is asked (again
 * is the same), and keeps in CRASH_NOTES what it was told. It works on the task until somebody was able to send it more.
 */
const notes = process.env.CRASH_NOTES
const told = join(notes, 'told')
const session = join(notes, 'agent-session')

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
let cwd = '.'

const prompt = async (text) => {
  appendFileSync(told, `${text.split('\n')[0]}\n`)
  if (text.startsWith('also ')) return writeFileSync(join(cwd, 'also.txt'), text)
  writeFileSync(join(cwd, 'note.txt'), 'edited\n')
  const deadline = Date.now() + 20_000
  while (!existsSync(join(notes, 'sent')) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
}

const ANSWERS = {
  initialize: () => ({ protocolVersion: 1, agentCapabilities: { loadSession: true } }),
  'session/new': (params) => {
    cwd = params.cwd
    writeFileSync(session, 'crash-1')
    return { sessionId: 'crash-1' }
  },
  'session/load': (params) => {
    if (!existsSync(session)) throw new Error('no such session')
    cwd = params.cwd
    appendFileSync(told, 'resumed\n')
    return {}
  },
  'session/prompt': async (params) => {
    await prompt(params.prompt[0].text)
    return { stopReason: 'end_turn' }
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined || !(method in ANSWERS)) continue
  Promise.resolve()
    .then(() => ANSWERS[method](params))
    .then(
      (result) => send({ id, result }),
      (error) => send({ id, error: { code: -32002, message: String(error) } }),
    )
}
process.exit(0)
