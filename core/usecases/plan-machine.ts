import type { Plan, PlanRequest } from '../contract/plan.ts'
import { instanceType } from '../domain/catalogue.ts'
import { machinePlan } from '../domain/machine-plan.ts'
import { unknownType } from '../domain/unknown-type.ts'

/** Priced candidates for a task, before anything is bought. */
export const planMachine =
  () =>
  async (ask: PlanRequest): Promise<Plan> => {
    if (ask.instance !== undefined && !instanceType(ask.instance)) throw unknownType(ask.instance)
    return machinePlan(ask)
  }
