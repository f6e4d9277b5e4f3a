import { composeJanitor } from './compose-janitor.ts'

/** Schedule → machines that are nobody's. */
export const handler = composeJanitor(process.env)
