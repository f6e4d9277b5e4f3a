import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Cloud } from './clouds-file.ts'

const numbers = (version: string): [number, number, number] => {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number)
  return [major, minor, patch]
}

/** Before 1.0 a minor version may change what is said; after it only a major one. */
const speaksAs = (version: string) => {
  const [major, minor] = numbers(version)
  return major > 0 ? [major] : [major, minor]
}

const isOlder = (one: string, than: string) => {
  const [a, b] = [numbers(one), numbers(than)]
  const at = a.findIndex((part, n) => part !== b[n])
  return at !== -1 && (a[at] ?? 0) < (b[at] ?? 0)
}

/** Whether a stack of that version can be talked to: throws `not_supported` when not. A remark when it should be replaced. */
export const checkStackVersion = ({ stack, region }: Cloud, theirs: string, own: string): string | undefined => {
  if (theirs === own) return undefined
  const older = isOlder(theirs, own)
  const what = `stack ${stack} in ${region} is version ${theirs}, this is ${own}`
  const hint = older
    ? `bring it up to date: remote cloud deploy --stack ${stack} --region ${region}`
    : 'install the newer remote here'
  if (speaksAs(theirs).join('.') === speaksAs(own).join('.')) return `${what}: ${hint}`
  throw new RemoteError('not_supported', what, { hint })
}
