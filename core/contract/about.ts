import * as z from 'zod'

/** `GET /v1/about`: which control plane answers. */
export const About = z.object({
  version: z.string(),
  runtimes: z.array(z.string()),
  startedAt: z.string(),
  pid: z.int().optional(),
  activeSessions: z.int(),
})
export type About = z.infer<typeof About>
