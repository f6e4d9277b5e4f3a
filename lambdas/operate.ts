import { composeOperate } from './compose-operate.ts'

/** Whoever operates the stack → what only the control plane may see or do. */
export const handler = composeOperate(process.env)
