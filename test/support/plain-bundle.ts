import { createHash } from 'node:crypto'
import type { BundleFacts } from '../../core/contract/repository.ts'

/** What git would write at the beginning of such a bundle, with bytes in the pack's place. */
export const plainBundle = ({ tips, needs }: Pick<BundleFacts, 'tips' | 'needs'>, pack = 'PACK') => {
  const lines = [...needs.map((id) => `-${id} \n`), ...tips.map((id) => `${id} refs/tips/${id}\n`)]
  const text = `# v2 git bundle\n${lines.join('')}\n${pack}`
  return { text, bytes: Buffer.from(text), sha256: createHash('sha256').update(text).digest('hex') }
}
