import { expect, it } from 'vitest'
import { uploadBundle } from '../../../cli/cloud/upload-bundle.ts'
import { sha256 } from '../../support/samples.ts'

it('what S3 does not take in one piece is refused before anything is asked or sent, with what to do', async () => {
  const asked: unknown[] = []
  const post = (async (...call: unknown[]) => {
    asked.push(call)
  }) as never
  const bundle = {
    sha256: sha256(1),
    file: '/nowhere',
    bytes: 6 * 1024 ** 3,
    facts: { repository: sha256(2), tips: [], needs: [] },
  }
  await expect(uploadBundle({ post }, bundle as never)).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringMatching(/is 6 GB, and 5 GB are taken/),
    hint: expect.stringMatching(/--ref[\s\S]*\.gitignore/),
  })
  expect(asked).toEqual([])
})
