import { RemoteError } from '../../core/contract/remote-error.ts'
import { codeOf } from '../connect.ts'

/** Whether we may listen there: ssh would only say so after it has connected. */
export const checkLocalPort = async (port: number): Promise<void> => {
  const { createServer } = process.getBuiltinModule('node:net')
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const why = { EADDRINUSE: 'is in use here', EACCES: 'is not yours to listen on here' }[codeOf(cause) ?? '']
      const other = port < 60_000 ? port + 1 : port - 1
      const hint = `take another one here: ${other}:${port}`
      reject(why ? new RemoteError('conflict', `port ${port} ${why}`, { hint, cause }) : cause)
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  await new Promise((resolve) => server.close(resolve))
}
