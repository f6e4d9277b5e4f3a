import * as z from 'zod'

/** `POST /v1/sessions/:id/terminate` */
export const Terminate = z.object({
  /** Kill at once instead of asking it to finish. */
  now: z.boolean().default(false),
})
