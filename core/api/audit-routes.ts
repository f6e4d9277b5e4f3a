import { Hono } from 'hono'
import type { ControlPlane } from '../usecases/control-plane.ts'
import { query } from './checked.ts'
import { auditWanted } from './wanted.ts'

export const auditRoutes = (plane: Pick<ControlPlane, 'audit'>) =>
  new Hono().get(
    '/',
    query(async () => (await import('./queries.ts')).AuditQuery),
    async (c) => c.json(await plane.audit(auditWanted(c.req.valid('query')))),
  )
