import * as z from 'zod'
import { ERRORS, type ErrorCode } from './remote-error.ts'

/** The body of every answer that is not 2xx. `id` names a bug's story in the control plane's log. */
export const ErrorBody = z.object({
  code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  hint: z.string().optional(),
  id: z.string().optional(),
})
export type ErrorBody = z.infer<typeof ErrorBody>
