import { Hono } from 'hono'
import type { ControlPlane } from '../usecases/control-plane.ts'
import { callerOf } from './caller.ts'
import { body, query } from './checked.ts'
import { spendWanted } from './wanted.ts'

export const spendRoutes = (plane: ControlPlane) =>
  new Hono().get(
    '/',
    query(async () => (await import('./queries.ts')).SpendQuery),
    async (c) => c.json(await plane.spend(spendWanted(c.req.valid('query')))),
  )

export const budgetRoutes = (plane: ControlPlane) =>
  new Hono()
    .get('/', async (c) => c.json(await plane.budget()))
    .put(
      '/',
      body(async () => (await import('../contract/spend.ts')).SetBudget),
      async (c) => c.json(await plane.setBudget(c.req.valid('json'), callerOf(c))),
    )
    .get('/timeline', async (c) => c.json(await plane.budgetChanges()))
