import { RemoteError } from '../../core/contract/remote-error.ts'

export type PortPair = { local: number; remote: number }

const HIGHEST = 65_535

/** `PORT` or `PORT:PORT`, as `ssh -L` has them: the one here first. */
export const portPair = (text: string): PortPair => {
  const found = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text)
  const local = Number(found?.[1])
  const remote = Number(found?.[2] ?? local)
  if (found && local >= 1 && local <= HIGHEST && remote >= 1 && remote <= HIGHEST) return { local, remote }
  throw new RemoteError('usage', `\`${text.slice(0, 40)}\` is no port`, {
    hint: 'a port here, and the one there where that is another: 3000 or 8080:80',
  })
}
