import type { RouteDoc } from '../../core/api/route-table.ts'

/** Whose call a route is. There is none that anybody may make. */
export type Whose = 'a person' | 'the machine of that attempt'

/** Every route of the API. A new one has to be thought about here. */
export const WHOSE: Readonly<Record<RouteDoc['route'], Whose>> = {
  'POST /v1/sessions': 'a person',
  'GET /v1/sessions': 'a person',
  'GET /v1/sessions/:id': 'a person',
  'POST /v1/sessions/:id/terminate': 'a person',
  'POST /v1/sessions/:id/inbox': 'a person',
  'POST /v1/sessions/:id/resume': 'a person',
  'GET /v1/sessions/:id/timeline': 'a person',
  'GET /v1/sessions/:id/explain': 'a person',
  'GET /v1/sessions/:id/log': 'a person',
  'GET /v1/sessions/:id/log/:attempt/:first': 'a person',
  'POST /v1/plan': 'a person',
  'GET /v1/repositories/:id': 'a person',
  'PUT /v1/bundles/:sha256': 'a person',
  'GET /v1/bundles/:sha256': 'a person',
  'POST /v1/bundles/:sha256/upload': 'a person',
  'POST /v1/bundles/:sha256/stored': 'a person',
  'POST /v1/workspaces': 'a person',
  'GET /v1/workspaces': 'a person',
  'GET /v1/workspaces/:name': 'a person',
  'DELETE /v1/workspaces/:name': 'a person',
  'POST /v1/workspaces/:name/snapshots': 'a person',
  'DELETE /v1/workspaces/:name/snapshots/:snapshot': 'a person',
  'POST /v1/workspaces/:name/move': 'a person',
  'POST /v1/workspaces/:name/resize': 'a person',
  'GET /v1/secrets': 'a person',
  'PUT /v1/secrets/:name': 'a person',
  'DELETE /v1/secrets/:name': 'a person',
  'GET /v1/catalogue': 'a person',
  'GET /v1/prices': 'a person',
  'PUT /v1/prices': 'a person',
  'GET /v1/spend': 'a person',
  'GET /v1/budget': 'a person',
  'PUT /v1/budget': 'a person',
  'GET /v1/budget/timeline': 'a person',
  'GET /v1/audit': 'a person',
  'POST /v1/runner/:session/:attempt/hello': 'the machine of that attempt',
  'POST /v1/runner/:session/:attempt/renew': 'the machine of that attempt',
  'GET /v1/runner/:session/:attempt/bundle': 'the machine of that attempt',
  'POST /v1/runner/:session/:attempt/boot-failed': 'the machine of that attempt',
  'POST /v1/runner/:session/:attempt/beat': 'the machine of that attempt',
  'POST /v1/runner/:session/:attempt/seal': 'the machine of that attempt',
  'POST /v1/runner/:session/:attempt/done': 'the machine of that attempt',
  'POST /v1/runner/:session/:attempt/leaving': 'the machine of that attempt',
  'POST /v1/runner/:session/:attempt/bundles/:sha256/stored': 'the machine of that attempt',
  'GET /v1/runner/:session/:attempt/inbox': 'the machine of that attempt',
  'GET /v1/about': 'a person',
  'POST /v1/daemon/stop': 'a person',
  'GET /v1/openapi.json': 'a person',
}

/** `in`: the call was made, whatever came of it. `gate`: IAM's refusal, before any code of ours. `refused`: the control plane's. */
export type Answer = 'in' | 'gate' | 'refused'

/** Who calls, with what; and for each kind of route the answer. */
export const EXPECTED = {
  person: { 'a person': 'in', 'the machine of that attempt': 'refused' },
  'machine of the session': { 'a person': 'gate', 'the machine of that attempt': 'in' },
  'machine of another session': { 'a person': 'gate', 'the machine of that attempt': 'refused' },
  'machine of the session, for another attempt': { 'a person': 'gate', 'the machine of that attempt': 'refused' },
  "the session's grant": { 'a person': 'gate', 'the machine of that attempt': 'gate' },
  'somebody of the account without the policy': { 'a person': 'gate', 'the machine of that attempt': 'gate' },
  'nobody: no signature': { 'a person': 'gate', 'the machine of that attempt': 'gate' },
  'a key that nobody has': { 'a person': 'gate', 'the machine of that attempt': 'gate' },
  'a machine whose credentials have ended': { 'a person': 'gate', 'the machine of that attempt': 'gate' },
  'a person whose signature was changed': { 'a person': 'gate', 'the machine of that attempt': 'gate' },
  'the machine, its call changed after it was signed': { 'a person': 'gate', 'the machine of that attempt': 'gate' },
  'the machine, its token left out': { 'a person': 'gate', 'the machine of that attempt': 'gate' },
} as const satisfies Record<string, Record<Whose, Answer>>
export type Principal = keyof typeof EXPECTED
