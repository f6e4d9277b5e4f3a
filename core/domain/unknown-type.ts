import { RemoteError } from '../contract/remote-error.ts'
import { CATALOGUE, type InstanceType } from './catalogue.ts'

const NEAREST = 4
const SIZES = ['small', 'medium', 'large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '16xlarge']

/** Letters that differ, at the same place or by length. */
const differing = (a: string, b: string) =>
  Math.abs(a.length - b.length) + [...a.slice(0, b.length)].filter((letter, n) => letter !== b[n]).length

/** How far from what was typed: its family first, since a family is what a task needs, then its size. */
const far = (family: string, size: string, { instance }: InstanceType) => {
  const [itsFamily = '', itsSize = ''] = instance.split('.')
  const steps = SIZES.includes(size) ? Math.abs(SIZES.indexOf(size) - SIZES.indexOf(itsSize)) : differing(size, itsSize)
  return differing(family, itsFamily) * SIZES.length + steps
}

/** `refused`, with the names that come nearest. */
export const unknownType = (typed: string): RemoteError => {
  const [family = '', size = ''] = typed.toLowerCase().slice(0, 32).split('.')
  const nearest = CATALOGUE.toSorted((a, b) => far(family, size, a) - far(family, size, b)).slice(0, NEAREST)
  return new RemoteError('refused', `there is no instance type ${typed.slice(0, 32)} here`, {
    hint: `nearest: ${nearest.map(({ instance }) => instance).join(', ')}; all of them: remote catalogue; without --instance the task decides`,
  })
}
