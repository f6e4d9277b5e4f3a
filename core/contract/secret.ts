import * as z from 'zod'
import { SecretName } from './ids.ts'
import { MIN_SECRET_CHARACTERS } from './min-secret-characters.ts'

export const SetSecret = z.union([
  z.strictObject({ value: z.string().min(MIN_SECRET_CHARACTERS).max(65_536) }),
  /** Run by whoever dispatches, with their environment; its output is sent along as one of the session's `credentials`. */
  z.strictObject({ command: z.string().trim().min(1).max(4096) }),
])
/** The value never comes back. */
export const Secret = z.object({ name: SecretName, setAt: z.string(), bytes: z.int(), command: z.string().optional() })
export type Secret = z.infer<typeof Secret>
export const SecretList = z.object({ secrets: z.array(Secret) })
