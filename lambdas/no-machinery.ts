import { RemoteError } from '../core/contract/remote-error.ts'
import type { Machinery } from './compose.ts'

const refuse = (): never => {
  throw new RemoteError('bug', 'this function buys and ends no machines', { hint: 'the step function does' })
}

/** For functions that answer people and machines: what they are asked for never touches EC2, whose code they do not carry. */
export const NO_MACHINERY: Machinery = {
  compute: { launch: refuse, find: refuse, terminate: refuse, clean: refuse },
  volumes: { delete: refuse, move: refuse, snapshot: refuse, deleteSnapshot: refuse, grow: refuse },
}
