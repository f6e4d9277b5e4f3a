import { createApi } from '../../core/api/create-api.ts'
import { controlPlane } from '../../core/usecases/control-plane.ts'
import type { Settings } from '../../core/usecases/settings.ts'
import { fakePorts } from './fakes/fake-ports.ts'

export type Call = { method: string; path: string; body?: unknown; headers?: Record<string, string> }

/** The whole control plane over fakes, called as HTTP calls it. `body`: a string is sent as it is, anything else as JSON. */
export const apiWorld = (settings: Partial<Settings> = {}) => {
  const ports = fakePorts()
  const plane = controlPlane(ports, settings)
  const bugs: unknown[] = []
  const about = async () => ({
    version: '0',
    runtimes: ['local'],
    startedAt: new Date(ports.clock.now()).toISOString(),
    activeSessions: 0,
  })
  const api = createApi(plane, about, { onBug: (error) => bugs.push(error) })

  const call = async ({ method, path, body, headers }: Call) => {
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const response = await api.request(path, {
      method,
      headers: { 'x-remote-by': 'ada', ...headers },
      ...(sent === undefined ? {} : { body: sent }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
    return { status: response.status, json: isJson ? JSON.parse(text) : undefined, text }
  }
  return { ports, plane, api, bugs, call }
}
export type ApiWorld = ReturnType<typeof apiWorld>
