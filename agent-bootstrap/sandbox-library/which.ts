import { delimiter, isAbsolute, join } from 'node:path'
import { isProgram } from '../is-program.ts'

/** What `which` answers, without a process (5 ms each time). */
export const whichSync = (program: string): string | null => {
  if (isAbsolute(program)) return isProgram(program) ? program : null
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => place !== '')
  return places.map((place) => join(place, program)).find(isProgram) ?? null
}
