import { isAbsolute } from 'node:path'
import { isProgram } from '../is-program.ts'
import { findOwnProgram } from '../own-programs.ts'

/** What `which` answers, without a process (5 ms each time). */
export const whichSync = (program: string): string | null => {
  if (isAbsolute(program)) return isProgram(program) ? program : null
  return findOwnProgram(program)
}
