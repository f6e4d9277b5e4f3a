import { RemoteError } from '../core/contract/remote-error.ts'

/** EC2's limit, before base64. */
const USER_DATA_BYTES = 16_384

/** The text every machine starts with; only what deploying finds out is put into it. */
export const userData = (script: string, values: Record<'API_URL' | 'SOCKET_URL' | 'REGION', string>): string => {
  const bytes = Buffer.byteLength(script)
  // Addresses take their place in it.
  if (bytes > USER_DATA_BYTES - 1024)
    throw new RemoteError('too_large', `user data has ${bytes} bytes`, {
      hint: `EC2 takes ${USER_DATA_BYTES}: move some to the runner bundle`,
    })
  const filled = Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`@${name}@`, value), script)
  const left = /@[A-Z_]{3,}@/.exec(filled)
  if (left) throw new RemoteError('bug', `user data has ${left[0]}, which nobody fills in`)
  return filled
}
