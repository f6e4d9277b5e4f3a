import { Hono } from 'hono'
import type { ControlPlane } from '../usecases/control-plane.ts'
import { body, query } from './checked.ts'
import { attemptIn, runnersSessionIn, sha256In } from './path-parts.ts'

const attempted = ({ session, attempt }: { session: string; attempt: string }) =>
  [runnersSessionIn(session), attemptIn(attempt)] as const

/** What a machine calls: every one is idempotent and fenced by attempt. */
export const runnerRoutes = (plane: ControlPlane) =>
  new Hono()
    .post(
      '/:session/:attempt/hello',
      body(async () => (await import('../contract/runner.ts')).Hello),
      async (c) => c.json(await plane.hello(...attempted(c.req.param()), c.req.valid('json'))),
    )
    .post('/:session/:attempt/renew', async (c) => c.json(await plane.renew(...attempted(c.req.param()))))
    .post(
      '/:session/:attempt/beat',
      body(async () => (await import('../contract/runner.ts')).Beat),
      async (c) => c.json(await plane.beat(...attempted(c.req.param()), c.req.valid('json'))),
    )
    .post(
      '/:session/:attempt/seal',
      body(async () => (await import('../contract/runner.ts')).Seal),
      async (c) => {
        await plane.seal(...attempted(c.req.param()), c.req.valid('json'))
        return c.json({})
      },
    )
    .post(
      '/:session/:attempt/done',
      body(async () => (await import('../contract/runner.ts')).Done),
      async (c) => c.json(await plane.done(...attempted(c.req.param()), c.req.valid('json'))),
    )
    .post(
      '/:session/:attempt/leaving',
      body(async () => (await import('../contract/runner.ts')).Leaving),
      async (c) => {
        await plane.leaving(...attempted(c.req.param()), c.req.valid('json'))
        return c.json({})
      },
    )
    .post(
      '/:session/:attempt/bundles/:sha256/stored',
      body(async () => (await import('../contract/repository.ts')).BundleOffer),
      async (c) => {
        const { sha256, ...where } = c.req.param()
        await plane.resultStored(...attempted(where), sha256In(sha256), c.req.valid('json'))
        return c.json({})
      },
    )
    .get(
      '/:session/:attempt/bundle',
      query(async () => (await import('./queries.ts')).BundleQuery),
      async (c) => c.json(await plane.runnerBundle(...attempted(c.req.param()), c.req.valid('query').arch)),
    )
    .post(
      '/:session/:attempt/boot-failed',
      body(async () => (await import('../contract/runner.ts')).BootFailed),
      async (c) => {
        await plane.bootFailed(...attempted(c.req.param()), c.req.valid('json').text)
        return c.json({})
      },
    )
    .get(
      '/:session/:attempt/inbox',
      query(async () => (await import('./queries.ts')).InboxQuery),
      async (c) => c.json(await plane.inboxAfter(...attempted(c.req.param()), Number(c.req.valid('query').after ?? 0))),
    )
