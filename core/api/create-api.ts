import { Hono } from 'hono'
import type { ExtractSchema } from 'hono/types'
import type { About } from '../contract/about.ts'
import { RemoteError } from '../contract/remote-error.ts'
import type { ControlPlane } from '../usecases/control-plane.ts'
import { auditRoutes } from './audit-routes.ts'
import { bundleRoutes } from './bundle-routes.ts'
import { callerOf } from './caller.ts'
import { body } from './checked.ts'
import { errorAnswer, noRoute } from './error-answer.ts'
import { secretRoutes, workspaceRoutes } from './keep-routes.ts'
import { budgetRoutes, spendRoutes } from './money-routes.ts'
import { repositoryIn } from './path-parts.ts'
import { runnerRoutes } from './runner-routes.ts'
import { sessionRoutes } from './session-routes.ts'

export type ApiOptions = {
  /** Hears of every error that is not a refusal; the caller of the API is told its `id` alone. */
  onBug?: (error: unknown, id: string) => void
  /** Ends the control plane, where it is a process of the caller's own. */
  stop?: () => void
}

const cannotStop = () =>
  new RemoteError('not_supported', 'this control plane cannot be stopped by a call', { hint: 'only the local one can' })

/** The HTTP API under `/v1`. It translates and decides nothing. */
export const createApi = (plane: ControlPlane, about: () => Promise<About>, options: ApiOptions = {}) => {
  const { onBug = (error, id) => console.error(id, error), stop } = options
  const v1 = new Hono()
    .route('/sessions', sessionRoutes(plane))
    .route('/runner', runnerRoutes(plane))
    .route('/bundles', bundleRoutes(plane))
    .route('/workspaces', workspaceRoutes(plane))
    .route('/secrets', secretRoutes(plane))
    .route('/spend', spendRoutes(plane))
    .route('/budget', budgetRoutes(plane))
    .route('/audit', auditRoutes(plane))
    .get('/catalogue', async (c) => c.json(await plane.catalogue()))
    .get('/prices', async (c) => c.json(await plane.readPrices()))
    .put(
      '/prices',
      body(async () => (await import('../contract/catalogue.ts')).PriceTable),
      async (c) => {
        await plane.takePrices(c.req.valid('json'), callerOf(c))
        return c.json({})
      },
    )
    .post(
      '/plan',
      body(async () => (await import('../contract/plan.ts')).PlanRequest),
      async (c) => c.json(await plane.plan(c.req.valid('json'))),
    )
    .get('/repositories/:id', async (c) => c.json(await plane.knownCommits(repositoryIn(c.req.param('id')))))
    .get('/about', async (c) => c.json({ ...(await about()), you: callerOf(c) }))
    .post('/daemon/stop', (c) => {
      if (!stop) throw cannotStop()
      stop()
      return c.json({})
    })
    // Loaded when asked for: nobody who dispatches needs it.
    .get('/openapi.json', async (c) => c.json((await import('./openapi.ts')).openApi()))
  return new Hono()
    .route('/v1', v1)
    .notFound(noRoute)
    .onError((error, c) => errorAnswer(c, error, onBug))
}

export type Api = ReturnType<typeof createApi>
/** What each path takes and answers, by method: what a client is typed from. */
export type ApiSchema = ExtractSchema<Api>
