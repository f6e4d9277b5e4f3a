import { Hono } from 'hono'
import type { ControlPlane } from '../usecases/control-plane.ts'
import { callerOf } from './caller.ts'
import { body, checked } from './checked.ts'
import { sha256In } from './path-parts.ts'

const listed = (header: string | undefined) => (header ?? '').split(',').flatMap((item) => item.trim() || [])

/** Bytes are streamed through in both directions, or go past this API: to and from the addresses that it gives. */
export const bundleRoutes = (plane: ControlPlane) =>
  new Hono()
    .put('/:sha256', async (c) => {
      const { BundleFacts } = await import('../contract/repository.ts')
      const facts = checked(BundleFacts, {
        repository: c.req.header('x-remote-repository'),
        tips: listed(c.req.header('x-remote-tips')),
        needs: listed(c.req.header('x-remote-needs')),
      })
      await plane.putBundle(sha256In(c.req.param('sha256')), c.req.raw.body ?? new Blob([]).stream(), facts, callerOf(c))
      return c.json({}, 201)
    })
    .get('/:sha256', async (c) => {
      const bundle = await plane.getBundle(sha256In(c.req.param('sha256')))
      if ('url' in bundle) return c.redirect(bundle.url, 302)
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(bundle.bytes) }
      return c.body(bundle.body, 200, headers)
    })
    .post(
      '/:sha256/upload',
      body(async () => (await import('../contract/repository.ts')).BundleOffer),
      async (c) => c.json(await plane.uploadBundle(sha256In(c.req.param('sha256')), c.req.valid('json'))),
    )
    .post(
      '/:sha256/stored',
      body(async () => (await import('../contract/repository.ts')).BundleOffer),
      async (c) => {
        await plane.bundleStored(sha256In(c.req.param('sha256')), c.req.valid('json'), callerOf(c))
        return c.json({})
      },
    )
