import { composeSpotNotice } from './compose-spot-notice.ts'

/** EventBridge's instance events → lifecycle. */
export const handler = composeSpotNotice(process.env)
