/** US dollars for what the control plane uses, us-east-1, 2026-11-20, from the services' own price pages. */
export const PRICES = {
  httpRequest: 1 / 1e6,
  /** To or from a connection, for each 32 KB. */
  socketMessage: 1 / 1e6,
  socketMinute: 0.25 / 1e6,
  invocation: 0.2 / 1e6,
  /** arm64. */
  gbSecond: 0.000_013_333_4,
  /** Of 1 KB; a transaction takes two for each. */
  tableWrite: 0.625 / 1e6,
  /** Of 4 KB, consistent. */
  tableRead: 0.125 / 1e6,
  put: 5 / 1e6,
  get: 0.4 / 1e6,
  transition: 25 / 1e6,
  secretCall: 5 / 1e6,
  secretMonth: 0.4,
} as const
