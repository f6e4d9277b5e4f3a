import * as z from 'zod'

/** `GET /v1/about`: which control plane answers. */
export const About = z.object({
  version: z.string(),
  runtimes: z.array(z.string()),
  startedAt: z.string(),
  pid: z.int().optional(),
  activeSessions: z.int(),
  /** Whether agents of its sessions may invoke models of Amazon Bedrock without a key. */
  bedrock: z.boolean().optional(),
  /** Who asks, as its records call them. */
  you: z.string().optional(),
})
export type About = z.infer<typeof About>
