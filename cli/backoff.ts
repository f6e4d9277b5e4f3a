import { type Backoff, type BackoffOptions, openBackoff as open, type Random } from '../core/contract/backoff.ts'

type Options = Omit<BackoffOptions, 'random'> & { random?: Random | undefined }

/** By chance, unless a test says otherwise. */
export const openBackoff = ({ random = Math.random, ...options }: Options): Backoff => open({ ...options, random })
