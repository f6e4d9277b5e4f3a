const encoder = new TextEncoder()

const digest = async (data: string | Uint8Array<ArrayBuffer>): Promise<Buffer> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', typeof data === 'string' ? encoder.encode(data) : data))

export const sha256Hex = async (data: string | Uint8Array<ArrayBuffer>): Promise<string> => (await digest(data)).toString('hex')

/** As S3 writes checksums. */
export const base64OfHex = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
