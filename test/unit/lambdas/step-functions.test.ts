import { ExecutionAlreadyExists, TaskDoesNotExist } from '@aws-sdk/client-sfn'
import { expect, it } from 'vitest'
import { beginLifecycle } from '../../../lambdas/aws/begin-lifecycle.ts'
import { openCallbacks } from '../../../lambdas/aws/callbacks.ts'
import type { StepFunctions } from '../../../lambdas/aws/step-functions.ts'

const failing = (error: Error): StepFunctions => ({ send: () => Promise.reject(error) })
const throttled = failing(Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }))
const about = { $metadata: {}, message: '' }
const answer = { session: 's-0123456789', next: 'Run', seconds: 1 } as const

it('Step Functions that is asked too much at once can be asked again: what waits on it is not at fault', async () => {
  const begin = beginLifecycle({ sfn: throttled, stateMachineArn: 'arn' })
  await expect(begin('s-0123456789')).rejects.toMatchObject({ code: 'unavailable', name: 'Retryable' })
  await expect(openCallbacks(throttled).succeed('token', answer)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(openCallbacks(throttled).beat('token')).rejects.toMatchObject({ code: 'unavailable' })
})

it('a session that was begun before is begun, and a wait that is over is no failure', async () => {
  await beginLifecycle({ sfn: failing(new ExecutionAlreadyExists(about)), stateMachineArn: 'arn' })('s-0123456789')
  expect(await openCallbacks(failing(new TaskDoesNotExist(about))).beat('token')).toBe(false)
})
