import { composeSpend } from './compose-spend.ts'

/** Schedule → the daily summary. */
export const handler = composeSpend(process.env)
