import type { Plan, PlanRequest } from '../contract/plan.ts'
import { instanceType } from '../domain/catalogue.ts'
import { machinePlan } from '../domain/machine-plan.ts'
import { pricesOf } from '../domain/prices.ts'
import { unknownType } from '../domain/unknown-type.ts'
import type { Ports } from '../ports/ports.ts'

/** Priced candidates for a task, before anything is bought. */
export const planMachine =
  ({ prices }: Pick<Ports, 'prices'>) =>
  async (ask: PlanRequest): Promise<Plan> => {
    if (ask.instance !== undefined && !instanceType(ask.instance)) throw unknownType(ask.instance)
    return machinePlan(ask, pricesOf(await prices.get()))
  }
