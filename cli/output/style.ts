import type { Output } from '../io.ts'

type Paint = (text: string) => string
export type Style = {
  coloured: boolean
  bold: Paint
  dim: Paint
  red: Paint
  green: Paint
  yellow: Paint
  blue: Paint
  cyan: Paint
  magenta: Paint
}

/** Colour for terminals alone; NO_COLOR and FORCE_COLOR as everywhere. */
export const styleOf = (stream: Output, env: NodeJS.ProcessEnv): Style => {
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '' && env['FORCE_COLOR'] !== '0'
  const wanted = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  const coloured = forced || wanted
  const paint = (open: number, close: number): Paint =>
    coloured ? (text) => `\u001b[${open}m${text}\u001b[${close}m` : (text) => text
  return {
    coloured,
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    magenta: paint(35, 39),
    cyan: paint(36, 39),
  }
}
