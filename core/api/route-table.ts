import * as z from 'zod'
import { About } from '../contract/about.ts'
import { Audit } from '../contract/audit.ts'
import { Catalogue, PriceTable, ReadPrices } from '../contract/catalogue.ts'
import { Dispatch } from '../contract/dispatch.ts'
import { Inbox, InboxItem, InboxMessage } from '../contract/inbox.ts'
import { Log } from '../contract/log.ts'
import { Plan, PlanRequest } from '../contract/plan.ts'
import { BundleOffer, BundleUpload, KnownCommits } from '../contract/repository.ts'
import { Resume } from '../contract/resume.ts'
import {
  Beat,
  BeatAnswer,
  BootFailed,
  Done,
  DoneAnswer,
  Hello,
  Leaving,
  RunnerBundle,
  RunSpec,
  Seal,
} from '../contract/runner.ts'
import { Secret, SecretList, SetSecret } from '../contract/secret.ts'
import { Explanation, Session, SessionList, Timeline } from '../contract/session.ts'
import { Budget, SetBudget, Spend } from '../contract/spend.ts'
import { Terminate } from '../contract/terminate.ts'
import { CreateWorkspace, MoveWorkspace, ResizeWorkspace, Workspace, WorkspaceList } from '../contract/workspace.ts'
import { AuditQuery, BundleQuery, InboxQuery, ListQuery, LogQuery, SpendQuery } from './queries.ts'

export type RouteDoc = {
  route: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /v1/${string}`
  summary: string
  body?: z.ZodType | 'bytes'
  query?: z.ZodObject
  answer?: z.ZodType | 'bytes'
  status?: 200 | 201
  headers?: readonly string[]
  /** Of a call that is no GET: it leaves everything as it was. Whatever else a person calls leaves an audit record. */
  changes?: 'nothing'
}

const Renewed = z.object({ secrets: z.record(z.string(), z.string()) })
const KEY = ['idempotency-key', 'x-remote-by']
const BUNDLE = ['x-remote-repository', 'x-remote-tips', 'x-remote-needs']
const RUNNER = '/v1/runner/:session/:attempt'

/** Every call with its shapes: what the OpenAPI document is made of. A test compares it with the routes. */
export const ROUTES: readonly RouteDoc[] = [
  { route: 'POST /v1/sessions', summary: 'Dispatch a task', body: Dispatch, answer: Session, status: 201, headers: KEY },
  { route: 'GET /v1/sessions', summary: 'Sessions, newest first', query: ListQuery, answer: SessionList },
  { route: 'GET /v1/sessions/:id', summary: 'One session, by any unique prefix of its id', answer: Session },
  { route: 'POST /v1/sessions/:id/terminate', summary: 'End it: graceful first, then now', body: Terminate, answer: Session },
  {
    route: 'POST /v1/sessions/:id/inbox',
    summary: 'Send a follow-up, an interrupt or an answer',
    body: InboxMessage,
    answer: InboxItem,
  },
  {
    route: 'POST /v1/sessions/:id/resume',
    summary: 'A new session that continues an ended one',
    body: Resume,
    answer: Session,
    status: 201,
    headers: KEY,
  },
  { route: 'GET /v1/sessions/:id/timeline', summary: 'What happened to it: who, what, when', answer: Timeline },
  { route: 'GET /v1/sessions/:id/explain', summary: 'Why it is (not) running, waiting or stopping', answer: Explanation },
  { route: 'GET /v1/sessions/:id/log', summary: 'What is durable of its log', query: LogQuery, answer: Log },
  { route: 'GET /v1/sessions/:id/log/:attempt/:first', summary: 'Whole records from a seq on', answer: 'bytes' },
  { route: 'POST /v1/plan', summary: 'Priced machines for a task', body: PlanRequest, answer: Plan, changes: 'nothing' },
  { route: 'GET /v1/repositories/:id', summary: 'Commits that need not be sent again', answer: KnownCommits },
  { route: 'PUT /v1/bundles/:sha256', summary: 'Store a git bundle', body: 'bytes', status: 201, headers: BUNDLE },
  { route: 'GET /v1/bundles/:sha256', summary: 'Fetch a git bundle, or be sent (302) to where it is', answer: 'bytes' },
  {
    route: 'POST /v1/bundles/:sha256/upload',
    summary: 'Where to PUT a git bundle, and with which headers',
    body: BundleOffer,
    answer: BundleUpload,
    changes: 'nothing',
  },
  { route: 'POST /v1/bundles/:sha256/stored', summary: 'It was PUT to the absolute url of its upload', body: BundleOffer },
  { route: 'POST /v1/workspaces', summary: 'Create a workspace', body: CreateWorkspace, answer: Workspace, status: 201 },
  { route: 'GET /v1/workspaces', summary: 'All workspaces', answer: WorkspaceList },
  { route: 'GET /v1/workspaces/:name', summary: 'One workspace', answer: Workspace },
  { route: 'DELETE /v1/workspaces/:name', summary: 'Delete a workspace and its data' },
  { route: 'POST /v1/workspaces/:name/snapshots', summary: 'Keep what is in it now', answer: Workspace, status: 201 },
  { route: 'DELETE /v1/workspaces/:name/snapshots/:snapshot', summary: 'Forget a snapshot' },
  {
    route: 'POST /v1/workspaces/:name/move',
    summary: 'Begin to bring it to another zone',
    body: MoveWorkspace,
    answer: Workspace,
  },
  { route: 'POST /v1/workspaces/:name/resize', summary: 'Make it larger', body: ResizeWorkspace, answer: Workspace },
  { route: 'GET /v1/secrets', summary: 'Names of secrets', answer: SecretList },
  { route: 'PUT /v1/secrets/:name', summary: 'Set a secret', body: SetSecret, answer: Secret },
  { route: 'DELETE /v1/secrets/:name', summary: 'Delete a secret' },
  { route: 'GET /v1/catalogue', summary: 'What can be launched, and its prices', answer: Catalogue },
  { route: 'GET /v1/prices', summary: 'Prices as they were read from AWS', answer: ReadPrices },
  { route: 'PUT /v1/prices', summary: 'Plan with prices that another control plane has read', body: PriceTable },
  { route: 'GET /v1/spend', summary: 'What was spent, by session, day or workspace', query: SpendQuery, answer: Spend },
  { route: 'GET /v1/budget', summary: 'The daily budget, and what is left of it', answer: Budget },
  { route: 'PUT /v1/budget', summary: 'Change the daily budget', body: SetBudget, answer: Budget },
  { route: 'GET /v1/audit', summary: 'Who did what, newest first', query: AuditQuery, answer: Audit },
  { route: 'GET /v1/budget/timeline', summary: 'Who changed the budget, and when', answer: Timeline },
  { route: `POST ${RUNNER}/hello`, summary: 'Runner: I am here; what is to be done?', body: Hello, answer: RunSpec },
  { route: `POST ${RUNNER}/renew`, summary: 'Runner: new credentials', answer: Renewed },
  { route: `GET ${RUNNER}/bundle`, summary: 'Machine: where is the runner?', query: BundleQuery, answer: RunnerBundle },
  { route: `POST ${RUNNER}/boot-failed`, summary: 'Machine: why the runner could not be started', body: BootFailed },
  { route: `POST ${RUNNER}/beat`, summary: 'Runner: alive, and so far', body: Beat, answer: BeatAnswer },
  { route: `POST ${RUNNER}/seal`, summary: 'Runner: a segment is durable', body: Seal },
  { route: `POST ${RUNNER}/done`, summary: 'Runner: it is over, and this came of it', body: Done, answer: DoneAnswer },
  { route: `POST ${RUNNER}/leaving`, summary: 'Runner: its machine is taken away, and this is what it leaves', body: Leaving },
  { route: `POST ${RUNNER}/bundles/:sha256/stored`, summary: 'Runner: a result is in the bucket', body: BundleOffer },
  { route: `GET ${RUNNER}/inbox`, summary: 'Runner: what was sent', query: InboxQuery, answer: Inbox },
  { route: 'GET /v1/about', summary: 'Which control plane this is', answer: About },
  { route: 'POST /v1/daemon/stop', summary: 'End the local control plane; sessions go on', changes: 'nothing' },
  { route: 'GET /v1/openapi.json', summary: 'This document' },
]
