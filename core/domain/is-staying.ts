import type { Session } from '../contract/session.ts'

/** Will it go on, as far as is known? A session whose machine was lost does, when it is tried again. */
export const isStaying = ({ state, stop, ending }: Session): boolean =>
  state !== 'ended' && stop === undefined && ending === undefined
