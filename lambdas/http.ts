import { composeHttp } from './compose-http.ts'

/** HTTP API → core. */
export const handler = composeHttp(process.env)
