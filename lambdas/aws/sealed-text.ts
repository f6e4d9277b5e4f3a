const ALGORITHM = 'AES-GCM'
const KEY_BYTES = 32
const NONCE_BYTES = 12

const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))
const imported = (key: string) =>
  crypto.subtle.importKey('raw', Buffer.from(key, 'base64'), ALGORITHM, false, ['encrypt', 'decrypt'])

export const newSealingKey = (): string => Buffer.from(random(KEY_BYTES)).toString('base64')

/** Encrypts a text. `place` is where it is kept: it cannot be opened as if it were kept anywhere else. */
export const sealText = async (key: string, place: string, text: string): Promise<string> => {
  const iv = random(NONCE_BYTES)
  const parameters = { name: ALGORITHM, iv, additionalData: Buffer.from(place) }
  const sealed = await crypto.subtle.encrypt(parameters, await imported(key), Buffer.from(text))
  return Buffer.concat([iv, Buffer.from(sealed)]).toString('base64')
}

export const openText = async (key: string, place: string, sealed: string): Promise<string> => {
  const bytes = Buffer.from(sealed, 'base64')
  const parameters = { name: ALGORITHM, iv: bytes.subarray(0, NONCE_BYTES), additionalData: Buffer.from(place) }
  return Buffer.from(await crypto.subtle.decrypt(parameters, await imported(key), bytes.subarray(NONCE_BYTES))).toString()
}
