import { composeSocket } from './compose-socket.ts'

/** WebSocket API → the live path. */
export const handler = composeSocket(process.env)
