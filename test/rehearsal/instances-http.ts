import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import type { InstanceHost } from './instances.ts'
import { Launch, OfInstance, PushedKey, Size, Source, Spot, Tags } from './instances-launch.ts'

type Host = Omit<InstanceHost, 'url' | 'close'>
type Answer = { status?: number; body?: unknown }

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return parts.length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString('utf8'))
}

const act = async (host: Host, route: string, [id = '', volume = '']: string[], body: unknown): Promise<Answer | undefined> => {
  switch (route) {
    case 'POST /instances': {
      const launch = Launch.parse(body)
      const status = host.instances.has(launch.id) ? 200 : 201
      // The machine goes on booting: what an API call launches is pending first.
      const machine = await host.launch(launch)
      return { status, body: { id: launch.id, privateIp: machine.address } }
    }
    case 'DELETE /instances/:id':
      host.terminate(id).catch((error: unknown) => console.error(`${id} could not be turned off: ${error}`))
      return {}
    case 'POST /instances/:id/kill':
      await host.kill(id)
      return {}
    case 'PUT /instances/:id/tags': {
      const instance = host.instances.get(id)
      if (instance) instance.tags = Tags.parse(body)
      return {}
    }
    case 'PUT /instances/:id/spot': {
      const { seconds, action } = Spot.parse(body)
      host.interrupt(id, seconds, action)
      return {}
    }
    case 'PUT /instances/:id/ssh-keys':
      host.pushKey(id, PushedKey.parse(body))
      return {}
    case 'PUT /instances/:id/rebalance':
      host.recommendRebalance(id)
      return {}
    case 'PUT /instances/:id/volumes/:volume': {
      const instance = host.instances.get(id)
      if (!instance) return undefined
      await host.volumes.attach(volume, Size.parse(body).gib, await instance.machine)
      return {}
    }
    case 'DELETE /instances/:id/volumes/:volume':
      await host.volumes.detach(volume)
      return {}
    case 'PUT /images/:id':
      await host.makeImage(id, OfInstance.parse(body).of)
      return {}
    case 'PUT /volumes/:volume':
      await host.volumes.copy(Source.parse(body).of, id)
      return {}
    case 'DELETE /volumes/:volume':
      await host.volumes.remove(id)
      return {}
    default:
      return undefined
  }
}

/** The launcher's calls; each may be repeated. */
export const answerLauncher = (host: Host) => async (request: IncomingMessage, response: ServerResponse) => {
  const [kind = '', first, verb, second] = (request.url ?? '').slice(1).split('/').map(decodeURIComponent)
  const pattern = [kind, first && (kind === 'volumes' ? ':volume' : ':id'), verb, second && ':volume'].filter(Boolean).join('/')
  const reply = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  try {
    const answer = await act(host, `${request.method} /${pattern}`, [first ?? '', second ?? ''], await bodyOf(request))
    if (answer) reply(answer.status ?? 200, answer.body ?? {})
    else reply(404, { message: `${request.method} ${request.url}: there is no such thing here` })
  } catch (error) {
    reply(error instanceof z.ZodError ? 400 : 500, { message: String(error) })
  }
}
