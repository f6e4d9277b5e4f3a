import { Hono } from 'hono'
import { SetBudget } from '../contract/spend.ts'
import type { ControlPlane } from '../usecases/control-plane.ts'
import { callerOf } from './caller.ts'
import { body, query } from './checked.ts'
import { SpendQuery, spendWanted } from './queries.ts'

export const spendRoutes = (plane: ControlPlane) =>
  new Hono().get('/', query(SpendQuery), async (c) => c.json(await plane.spend(spendWanted(c.req.valid('query')))))

export const budgetRoutes = (plane: ControlPlane) =>
  new Hono()
    .get('/', async (c) => c.json(await plane.budget()))
    .put('/', body(SetBudget), async (c) => c.json(await plane.setBudget(c.req.valid('json'), callerOf(c))))
    .get('/timeline', async (c) => c.json(await plane.budgetChanges()))
