import { write } from '../io.ts'
import { helpText } from '../output/help.ts'
import type { Command } from '../verbs/verb.ts'

export const help: Command = async ({ io, args, verbs }) => {
  await write(io.stdout, helpText(verbs, args, io.stdout, io.env))
  return 0
}
