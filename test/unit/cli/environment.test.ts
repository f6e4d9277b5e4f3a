import { expect, it } from 'vitest'
import { capturedCredentials, capturedEnvironment } from '../../../cli/environment.ts'

const caller = {
  PATH: '/bin',
  HOME: '/home/ada',
  LC_TIME: 'de_DE.UTF-8',
  GIT_AUTHOR_NAME: 'Ada',
  AWS_SECRET_ACCESS_KEY: 'aws-secret',
  GITHUB_TOKEN: 'ghp-token',
  SSH_AUTH_SOCK: '/tmp/agent',
  ANTHROPIC_API_KEY: 'sk-ant-123456',
  ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
  OPENAI_API_KEY: 'sk-openai-123',
  HTTPS_PROXY: 'http://user:password@proxy:3128',
  REMOTE_SESSION: 's-0000000000',
}

it('only what is on the list is captured, and nothing secret', () => {
  expect(capturedEnvironment(caller, 'shell', true)).toEqual({
    PATH: '/bin',
    HOME: '/home/ada',
    LC_TIME: 'de_DE.UTF-8',
    GIT_AUTHOR_NAME: 'Ada',
  })
})

it('a machine elsewhere is told of no place and no account of this one', () => {
  const far = { ...caller, AWS_PROFILE: 'work', CODEX_HOME: '/home/ada/.codex', ANTHROPIC_MODEL: 'opus' }
  expect(capturedEnvironment(far, 'claude', false)).toEqual({
    LC_TIME: 'de_DE.UTF-8',
    GIT_AUTHOR_NAME: 'Ada',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
    ANTHROPIC_MODEL: 'opus',
  })
})

it('agents are told how to reach their model, but not a proxy’s password', () => {
  const env = capturedEnvironment(caller, 'claude', true)
  expect(env).toMatchObject({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' })
  expect(JSON.stringify(env)).not.toMatch(/password|sk-/)
})

it('an agent is given its own credentials and no other’s; a command none', () => {
  expect(capturedCredentials(caller, 'claude', false)).toEqual({ ANTHROPIC_API_KEY: 'sk-ant-123456' })
  expect(capturedCredentials(caller, 'codex', false)).toEqual({ OPENAI_API_KEY: 'sk-openai-123' })
  expect(capturedCredentials(caller, 'shell', false)).toEqual({})
})
