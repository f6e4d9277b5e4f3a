import { composeStep } from './compose-step.ts'

/** State machine → lifecycle. */
export const handler = composeStep(process.env)
