export const branchOf = (session: string) => `remote/${session}`
