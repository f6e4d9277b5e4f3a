import { Hono } from 'hono'
import type { ControlPlane } from '../usecases/control-plane.ts'
import { query } from './checked.ts'
import { AuditQuery, auditWanted } from './queries.ts'

export const auditRoutes = (plane: Pick<ControlPlane, 'audit'>) =>
  new Hono().get('/', query(AuditQuery), async (c) => c.json(await plane.audit(auditWanted(c.req.valid('query')))))
