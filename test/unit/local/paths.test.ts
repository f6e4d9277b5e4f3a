import { userInfo } from 'node:os'
import { expect, it } from 'vitest'
import { paths } from '../../../local/paths.ts'

const HOME = '/home/ada'

it('without settings everything lies in the XDG directories of the home', () => {
  const found = paths({ HOME })
  expect(found.database).toBe('/home/ada/.local/share/remote/remote.db')
  expect(found.daemonLog).toBe('/home/ada/.local/state/remote/daemon.log')
  expect(found.repositories).toBe('/home/ada/.cache/remote/repositories')
  expect(found.socket).toBe('/home/ada/.local/share/remote/run/remote.sock')
})

it.each([{ HOME }, { REMOTE_HOME: `/srv/${'a'.repeat(200)}` }])(
  'a login, a cron job and an SSH session find the same daemon of one’s data: %j',
  (env) => {
    const before = process.env['TMPDIR']
    try {
      process.env['TMPDIR'] = '/var/folders/own'
      const login = { ...env, XDG_RUNTIME_DIR: '/run/user/1000', TMPDIR: '/var/folders/own' }
      const there = paths(login)
      delete process.env['TMPDIR']
      expect(there).toEqual(paths(env))
    } finally {
      if (before !== undefined) process.env['TMPDIR'] = before
    }
  },
)

it('REMOTE_HOME holds everything', () => {
  const { data, state, cache, run, socket } = paths({ HOME, REMOTE_HOME: '/srv/r', XDG_RUNTIME_DIR: '/run/user/1000' })
  expect([data, state, cache, run, socket]).toEqual([
    '/srv/r/data',
    '/srv/r/state',
    '/srv/r/cache',
    '/srv/r/run',
    '/srv/r/run/remote.sock',
  ])
})

it('a REMOTE_HOME of 200 characters gets a short socket of its own', () => {
  const first = paths({ HOME, REMOTE_HOME: `/srv/${'a'.repeat(200)}` })
  const second = paths({ HOME, REMOTE_HOME: `/srv/${'b'.repeat(200)}` })
  for (const { socket } of [first, second]) expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(100)
  expect(first.socket).not.toBe(second.socket)
  expect(first.socket.startsWith(first.run)).toBe(true)
})

it('a directory that is not absolute counts as none: it would be another one wherever one stands', () => {
  const found = paths({
    HOME: 'home',
    XDG_DATA_HOME: 'data',
    XDG_STATE_HOME: './state',
    XDG_CACHE_HOME: '',
    XDG_RUNTIME_DIR: 'run',
  })
  expect(found).toEqual(paths({ HOME: userInfo().homedir }))
  expect(paths({})).toEqual(found)
})
