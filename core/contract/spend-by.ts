// Apart from the schemas, for programs that only need the words.
export const SPEND_BY = ['session', 'day', 'workspace'] as const
export type SpendBy = (typeof SPEND_BY)[number]
