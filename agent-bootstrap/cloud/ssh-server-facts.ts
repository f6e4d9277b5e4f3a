import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type InstanceMetadata, openInstanceMetadata } from './instance-metadata.ts'

const TYPE = 'ssh-ed25519'
const PRIVATE = 'host_key'
const PUBLIC = 'host_key.pub'
const LINE = 70

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
/** As SSH writes it: length, then bytes. RFC 4251, 5. */
const string = (bytes: Buffer | string) => Buffer.concat([uint32(Buffer.byteLength(bytes)), Buffer.from(bytes)])

/** A new key in the file formats of OpenSSH: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
const newKey = (): { privateText: string; publicText: string } => {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]
  const shown = Buffer.concat([string(TYPE), string(point)])
  const check = randomBytes(4)
  const hidden = Buffer.concat([check, check, string(TYPE), string(point), string(Buffer.concat([seed, point])), string('')])
  const padding = Buffer.from(Array.from({ length: (8 - (hidden.length % 8)) % 8 }, (_, n) => n + 1))
  const none = Buffer.concat([string('none'), string('none'), string('')])
  const all = [Buffer.from('openssh-key-v1\0'), none, uint32(1), string(shown), string(Buffer.concat([hidden, padding]))]
  const lines = Buffer.concat(all)
    .toString('base64')
    .match(new RegExp(`.{1,${LINE}}`, 'g'))
  return {
    privateText: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...(lines ?? []), '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicText: `${TYPE} ${shown.toString('base64')}`,
  }
}

/** The machine's host key, made once, whole or not at all. The machine may have no ssh yet, and must not be asked for its key later. */
const hostKey = (dir: string): string => {
  if (!existsSync(dir)) {
    const { privateText, publicText } = newKey()
    const draft = mkdtempSync(`${dir}.`)
    writeFileSync(join(draft, PRIVATE), privateText, { mode: 0o600 })
    writeFileSync(join(draft, PUBLIC), `${publicText}\n`, { mode: 0o644 })
    try {
      renameSync(draft, dir)
    } catch (error) {
      // Another runner of this machine was quicker.
      rmSync(draft, { recursive: true, force: true })
      if (!existsSync(join(dir, PUBLIC))) throw error
    }
  }
  return readFileSync(join(dir, PUBLIC), 'utf8').trim()
}

/** What the control plane is to know of this machine's ssh server. Nothing where it cannot be known: a session runs without it. */
export const sshServerFacts = async (
  dir: string,
  sshUser: string,
  metadata: Pick<InstanceMetadata, 'get'> = openInstanceMetadata(),
): Promise<Record<string, string>> => {
  try {
    const sshAddress = (await metadata.get('meta-data/local-ipv4'))?.trim()
    return sshAddress ? { sshAddress, sshHostKey: hostKey(dir), sshUser } : {}
  } catch (error) {
    console.error(`nobody will be able to reach this machine by ssh: ${error}`)
    return {}
  }
}
