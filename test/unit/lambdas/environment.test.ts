import { describe, expect, it } from 'vitest'
import { readEnvironment, type Variable } from '../../../lambdas/environment.ts'

describe('what a function is told', () => {
  it('is read as what it is', () => {
    const env = {
      STACK: 'remote',
      BOOT_SECONDS: '300',
      MODEL_ROLE_ARN: '',
      SUBNETS: '[{"id":"subnet-1","zone":"us-east-1a"}]',
      RUNNER_BUNDLES: '{"x64":{"bucket":"b","key":"k","sha256":"s"}}',
      IMAGE_PARAMETERS: '{"x64":"/remote/a"}',
    }
    expect(readEnvironment(env, Object.keys(env) as Variable[])).toEqual({
      STACK: 'remote',
      BOOT_SECONDS: 300,
      MODEL_ROLE_ARN: undefined,
      SUBNETS: [{ id: 'subnet-1', zone: 'us-east-1a' }],
      RUNNER_BUNDLES: { x64: { bucket: 'b', key: 'k', sha256: 's' } },
      IMAGE_PARAMETERS: { x64: '/remote/a' },
    })
  })

  it.each<[Variable, string | undefined]>([
    ['STACK', undefined],
    ['BOOT_SECONDS', ''],
    ['BOOT_SECONDS', 'soon'],
    ['SUBNETS', '{}'],
    ['SUBNETS', '[{"id":"subnet-1"}]'],
    ['RUNNER_BUNDLES', '{"x64":{"bucket":"b","key":1,"sha256":"s"}}'],
    ['RUNNER_BUNDLES', '[]'],
    ['IMAGE_PARAMETERS', '{"x64":null}'],
    ['LAUNCH_TEMPLATES', '{'],
  ])('is an error that names %s where it is %s', (name, value) => {
    expect(() => readEnvironment({ [name]: value }, [name])).toThrow(name)
  })
})
