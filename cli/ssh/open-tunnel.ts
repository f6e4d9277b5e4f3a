import type { Readable, Writable } from 'node:stream'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { KeySource } from '../cloud/aws-tools.ts'
import { codeOf } from '../connect.ts'
import { tunnelAddress } from './instance-connect.ts'
import { instanceConnectRefusal } from './instance-connect-refusal.ts'
import type { Target } from './target.ts'

const OPEN_MS = 15_000
/** AWS's own CLI sends no more in one frame. */
const FRAME_BYTES = 65_000
const MAX_SAID = 16_384
const NORMAL = 1000

type Ends = { input: Readable; output: Writable }

const notReady = (session: string) =>
  new RemoteError('unavailable', `the machine of ${session} does not take ssh yet`, {
    hint: 'its ssh server is installed while the session begins: try again in a minute',
  })

/**
 * Carries bytes between the two ends and port 22 of the target's machine, until either side ends. Resolves to why the other side ended the
 * tunnel, undefined when it was over. Throws what AWS means when it is not opened, and `unavailable` when nobody answers at its end.
 */
export const openTunnel = async (target: Target, keys: KeySource, { input, output }: Ends): Promise<string | undefined> => {
  const { WebSocket } = await import('ws')
  const socket = new WebSocket(await tunnelAddress(target, await keys()), { perMessageDeflate: false, handshakeTimeout: OPEN_MS })
  socket.binaryType = 'nodebuffer'
  const { session, profile, region } = target
  let heard = false
  socket.on('message', (bytes: Buffer) => {
    heard = true
    // What is not taken yet stays with the sender.
    if (output.write(bytes)) return
    socket.pause()
    output.once('drain', () => socket.resume())
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', (cause) =>
      reject(
        new RemoteError(
          'unavailable',
          `the Instance Connect Endpoint in ${region} cannot be reached (${codeOf(cause) ?? cause.message})`,
          {
            hint: 'is this computer online? see: remote cloud doctor',
            cause,
          },
        ),
      ),
    )
    socket.once('unexpected-response', (request, answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        if (text.length < MAX_SAID) text += part
      })
      const at = { doing: 'ec2-instance-connect:OpenTunnel', session, profile }
      answer.on('close', () =>
        reject(instanceConnectRefusal({ status: answer.statusCode ?? 500, date: answer.headers.date, text }, at)),
      )
      answer.on('end', () => request.destroy())
    })
  })

  // A broken connection is told by `close`, which follows.
  socket.on('error', () => socket.terminate())
  output.on('error', () => socket.terminate())
  const send = async () => {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      for (let from = 0; from < chunk.length; from += FRAME_BYTES) {
        const part = chunk.subarray(from, from + FRAME_BYTES)
        await new Promise<void>((resolve) => socket.send(part, { binary: true }, () => resolve()))
      }
      if (socket.readyState !== socket.OPEN) return
    }
    socket.close(NORMAL)
  }
  const sending = send()
  sending.catch(() => socket.terminate())
  const { code, reason } = await closed
  input.destroy()
  await sending.catch(() => undefined)
  if (!heard) throw notReady(session)
  if (!output.destroyed) await new Promise<void>((resolve) => output.write('', () => resolve()))
  return code === NORMAL ? undefined : reason || `it was cut (${code})`
}
