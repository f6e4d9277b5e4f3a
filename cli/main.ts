import { findVerb } from './find-verb.ts'
import { type Io, OutputClosed, write } from './io.ts'
import { parseCall } from './parse-call.ts'
import { VERBS } from './verbs/all.ts'

/** As for a program that SIGPIPE ended: nobody reads what we say. */
const PIPE_EXIT = 141

const isClosedPipe = (error: unknown) =>
  error instanceof OutputClosed || (error instanceof Error && 'code' in error && error.code === 'EPIPE')

const help = async (io: Io, topic: readonly string[]): Promise<number> => {
  const { helpText } = await import('./output/help.ts')
  await write(io.stdout, helpText(VERBS, topic, io.stdout, io.env))
  return 0
}

const run = async (argv: readonly string[], io: Io): Promise<number> => {
  const [first] = argv
  if (first === undefined || first === '--help' || first === '-h') return help(io, [])
  const found = findVerb(VERBS, first === '--version' || first === '-v' ? ['version'] : argv)
  if ('group' in found) return help(io, [first])
  const { args, flags, wantsHelp } = parseCall(found.verb, found.rest)
  if (wantsHelp) return help(io, found.verb.name.split(' '))
  const command = await found.verb.load()
  return command({ io, args, flags, verbs: VERBS })
}

/** The whole program: `argv` without node and script. Resolves to the exit code and never rejects. */
export const main = async (argv: readonly string[], io: Io): Promise<number> => {
  try {
    return await run(argv, io)
  } catch (error) {
    if (isClosedPipe(error)) return PIPE_EXIT
    const { sayError } = await import('./output/say-error.ts')
    return sayError(io, error, argv.includes('--json')).catch(() => PIPE_EXIT)
  }
}
