import type { Output } from '../io.ts'

/** Columns there are: the terminal's (some say 0), else COLUMNS, else `otherwise`. */
export const widthOf = ({ columns }: Output, env: NodeJS.ProcessEnv, otherwise: number): number =>
  columns || Number(env['COLUMNS']) || otherwise
