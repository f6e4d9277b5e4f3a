import WebSocket from 'ws'

/** A viewer as bare as possible: each binary frame as it comes. */
export const attach = (socket: string, session: string, onFrame: (frame: Buffer) => void): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const client = new WebSocket(`ws+unix://${socket}:/v1/socket?role=viewer`, { perMessageDeflate: false })
    client.on('error', reject)
    client.on('open', () => client.send(JSON.stringify({ type: 'attach', session, from: { attempt: 1, seq: 1 } })))
    client.on('message', (data: Buffer, binary: boolean) => {
      if (binary) onFrame(data)
      else if (data.includes('"attached"')) resolve(client)
    })
  })
