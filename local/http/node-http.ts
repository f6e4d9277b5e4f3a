import type * as Http from 'node:http'

export type { IncomingMessage, Server, ServerResponse } from 'node:http'

// Importing names from `node:http` evaluates all of its exports, one of which loads a whole WebSocket client (25 ms).
export const http: typeof Http = process.getBuiltinModule('node:http')
