import { composeSpend } from './compose-spend.ts'

/** Schedules → prices and disks each hour, the summary each day. */
export const handler = composeSpend(process.env)
