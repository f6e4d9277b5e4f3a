import type { LambdaContext } from 'hono/aws-lambda'
import { handle } from 'hono/aws-lambda'
import { ERRORS, type ErrorCode } from '../core/contract/remote-error.ts'
import type { Admission, Iam } from './aws/identity.ts'

/** What is used of an HTTP API's event, payload format 2.0. */
export type HttpEvent = Parameters<ReturnType<typeof handle>>[0] & {
  rawPath: string
  headers: Record<string, string | undefined>
  requestContext: { authorizer?: { iam?: Iam } }
}

const refusal = (code: ErrorCode, message: string, hint: string) => ({
  statusCode: ERRORS[code].status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ code, message, hint }),
})

const REFUSED = {
  403: refusal(
    'fenced',
    'this caller may not make this call',
    'a machine may call for its own session alone, and nobody else for it',
  ),
  425: refusal('not_recorded_yet', 'this machine is not recorded yet', 'call again in a moment'),
}

/** The API behind API Gateway: who calls is what IAM found out, never what a header says. */
export const openHttpHandler = (
  api: Parameters<typeof handle>[0],
  admit: (iam: Iam, path: string) => Promise<Admission>,
  version: string,
) => {
  const answer = handle(api)
  return async (event: HttpEvent, context: LambdaContext) => {
    const iam = event.requestContext.authorizer?.iam
    if (!iam) return REFUSED[403]
    const admission = await admit(iam, event.rawPath)
    if ('refused' in admission) return REFUSED[admission.refused]
    const headers = { ...event.headers, 'x-remote-by': admission.by }
    const answered = await answer({ ...event, headers } as HttpEvent, context)
    // A CLI of another version says so.
    return { ...answered, headers: { ...answered.headers, 'x-remote-version': version } }
  }
}
