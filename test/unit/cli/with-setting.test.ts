import { parse } from 'smol-toml'
import { expect, it } from 'vitest'
import { withSetting } from '../../../cli/with-setting.ts'

it('a setting is added, changed and taken away; comments and everything else stay', () => {
  const mine = '# mine\n[env]\nA = "1"\n\n[defaults] # for all\n# how long\nttl = "1h"\n\n[other]\nttl = "not this"\n'
  const changed = withSetting(mine, 'ttl', '2h')
  expect(changed).toBe(mine.replace('"1h"', '"2h"'))
  expect(parse(withSetting(changed, 'agent', 'shell'))).toMatchObject({
    defaults: { ttl: '2h', agent: 'shell' },
    other: { ttl: 'not this' },
  })
  expect(withSetting(changed, 'ttl', '')).toBe(mine.replace('ttl = "1h"\n', ''))
})

it('in a file without defaults they are begun', () => {
  expect(withSetting('', 'agent', 'codex')).toBe('[defaults]\nagent = "codex"\n')
  expect(withSetting('[env]\nA = "1"\n', 'agent', 'codex')).toBe('[env]\nA = "1"\n\n[defaults]\nagent = "codex"\n')
  expect(withSetting('', 'agent', '')).toBe('')
})
