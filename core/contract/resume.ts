import * as z from 'zod'
import { Dispatch, MAX_TASK_CHARACTERS } from './dispatch.ts'

const { secrets, env, credentials, interactive, approve, retries, ttlSeconds, idleSeconds, maxCostUsd, sandbox } = Dispatch.shape

/** `POST /v1/sessions/:id/resume`: a new session that continues an ended one; what is left out is as it was there. */
export const Resume = z.object({
  text: z.string().min(1).max(MAX_TASK_CHARACTERS),
  secrets: secrets.unwrap().optional(),
  env: env.unwrap().optional(),
  interactive: interactive.unwrap().optional(),
  credentials,
  approve,
  retries,
  ttlSeconds,
  idleSeconds,
  maxCostUsd,
  sandbox,
})
export type ResumeInput = z.input<typeof Resume>
export type Resume = z.infer<typeof Resume>
