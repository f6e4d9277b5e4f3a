import { RemoteError } from '../../core/contract/remote-error.ts'
import { connect } from '../connect.ts'
import { write } from '../io.ts'
import type { Command } from '../verbs/verb.ts'
import { version } from '../version.ts'

export const showVersion: Command = async ({ io, flags }) => {
  const own = version()
  if (!flags.on('json')) {
    await write(io.stdout, `${own}\n`)
    return 0
  }
  // Asking must not start what it asks about.
  const daemon = await connect(io, { quiet: true, start: false })
    .get('/v1/about')
    .catch((error: unknown) => {
      if (error instanceof RemoteError) return null
      throw error
    })
  await write(io.stdout, `${JSON.stringify({ version: own, node: process.versions.node, daemon: daemon?.version ?? null })}\n`)
  return 0
}
