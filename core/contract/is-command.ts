/** Agents that are a command or a terminal: there is no conversation with them, and nothing of them to resume. */
export const isCommand = (agent: string): boolean => agent === 'shell' || agent === 'terminal'
