import { Hono } from 'hono'
import type { ControlPlane } from '../usecases/control-plane.ts'
import { callerOf, keyOf } from './caller.ts'
import { body, query } from './checked.ts'
import { attemptIn, seqIn } from './path-parts.ts'
import { listWanted, positionWanted } from './wanted.ts'

/** `:id` is any unique prefix of a session's id. */
export const sessionRoutes = (plane: ControlPlane) =>
  new Hono()
    .post(
      '/',
      body(async () => (await import('../contract/dispatch.ts')).Dispatch),
      async (c) => {
        const { session, isNew } = await plane.dispatch(c.req.valid('json'), { by: callerOf(c), key: keyOf(c) })
        return c.json(session, isNew ? 201 : 200)
      },
    )
    .get(
      '/',
      query(async () => (await import('./queries.ts')).ListQuery),
      async (c) => c.json(await plane.list(listWanted(c.req.valid('query')))),
    )
    .get('/:id', async (c) => c.json(await plane.get(c.req.param('id'))))
    .post(
      '/:id/terminate',
      body(async () => (await import('../contract/terminate.ts')).Terminate),
      async (c) => c.json(await plane.terminate(c.req.param('id'), c.req.valid('json'), callerOf(c))),
    )
    .post(
      '/:id/inbox',
      body(async () => (await import('../contract/inbox.ts')).InboxMessage),
      async (c) => c.json(await plane.send(c.req.param('id'), c.req.valid('json'), callerOf(c))),
    )
    .post(
      '/:id/resume',
      body(async () => (await import('../contract/resume.ts')).Resume),
      async (c) => {
        const { session, isNew } = await plane.resume(c.req.param('id'), c.req.valid('json'), { by: callerOf(c), key: keyOf(c) })
        return c.json(session, isNew ? 201 : 200)
      },
    )
    .get('/:id/timeline', async (c) => c.json(await plane.timeline(c.req.param('id'))))
    .get('/:id/explain', async (c) => c.json(await plane.explain(c.req.param('id'))))
    .get(
      '/:id/log',
      query(async () => (await import('./queries.ts')).LogQuery),
      async (c) => c.json(await plane.log(c.req.param('id'), positionWanted(c.req.valid('query')))),
    )
    .get('/:id/log/:attempt/:first', async (c) => {
      const { id, attempt, first } = c.req.param()
      return c.body(await plane.readSegment(id, attemptIn(attempt), seqIn(first)), 200, {
        'content-type': 'application/octet-stream',
      })
    })
