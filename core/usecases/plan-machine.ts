import { RemoteError } from '../contract/errors.ts'
import type { Plan, PlanRequest } from '../contract/plan.ts'
import { CATALOGUE, instanceType } from '../domain/catalogue.ts'
import { machinePlan } from '../domain/machine-plan.ts'

/** Priced candidates for a task, before anything is bought. */
export const planMachine =
  () =>
  async (ask: PlanRequest): Promise<Plan> => {
    if (ask.instance !== undefined && !instanceType(ask.instance)) {
      const known = CATALOGUE.map(({ instance }) => instance).join(', ')
      throw new RemoteError('refused', `there is no instance type ${ask.instance}`, { hint: `known: ${known}` })
    }
    return machinePlan(ask)
  }
