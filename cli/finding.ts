/** `warn`: sessions run, with less. `fail`: they do not. */
export type Finding = { name: string; state: 'ok' | 'warn' | 'fail'; says: string; hint?: string }

export const ok = (name: string, says: string): Finding => ({ name, state: 'ok', says })
export const warn = (name: string, says: string, hint: string): Finding => ({ name, state: 'warn', says, hint })
export const fail = (name: string, says: string, hint: string): Finding => ({ name, state: 'fail', says, hint })
