import { DynamoDBServiceException, TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb'
import { describe, expect, it } from 'vitest'
import { asked } from '../../../lambdas/aws/aws-refusal.ts'
import { pastConflicts } from '../../../lambdas/aws/past-conflicts.ts'

const answered = (name: string, httpStatusCode = 400) =>
  new DynamoDBServiceException({ name, message: 'AKIA-secret', $fault: 'client', $metadata: { httpStatusCode } })
const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({ message: '', $metadata: {}, CancellationReasons: codes.map((Code) => ({ Code })) })

describe('answers of AWS', () => {
  const passing = [
    answered('ProvisionedThroughputExceededException'),
    answered('ThrottlingException'),
    answered('RequestLimitExceeded'),
    answered('SlowDown', 503),
    answered('SomethingNew', 500),
    new TransactionConflictException({ message: '', $metadata: {} }),
    cancelled('None', 'TransactionConflict'),
    cancelled('ThrottlingError', 'None'),
    cancelled('ProvisionedThroughputExceeded', 'TransactionConflict'),
    Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
  ]
  for (const error of passing) {
    const codes =
      error instanceof TransactionCanceledException ? error.CancellationReasons?.map(({ Code }) => Code).join(' ') : ''
    it(`${error.name} ${codes || error.message} can succeed later, and is told without its message`, async () => {
      const refusal = await asked('the table', Promise.reject(error)).catch((refused: unknown) => refused)
      expect(refusal).toMatchObject({ code: 'unavailable', name: 'Retryable', cause: error, hint: expect.any(String) })
      expect(String(refusal)).not.toContain('AKIA')
    })
  }

  const lasting = [
    answered('ValidationException'),
    cancelled('ConditionalCheckFailed', 'None'),
    cancelled('ValidationError', 'TransactionConflict'),
  ]
  for (const error of lasting) {
    it(`${error.name} is left to whoever knows it`, async () => {
      await expect(asked('the table', Promise.reject(error))).rejects.toBe(error)
    })
  }

  it('what our role may not is a refusal that names the action, and nothing else of what AWS said', async () => {
    const message = 'User: arn:aws:sts::1:assumed-role/http/http is not authorized to perform: dynamodb:PutItem on resource: x'
    const error = Object.assign(answered('AccessDeniedException'), { message })
    const refusal = await asked('the table', Promise.reject(error)).catch((refused: unknown) => refused)
    expect(refusal).toMatchObject({ code: 'refused', message: 'the control plane is denied dynamodb:PutItem', cause: error })
    const wordless = await asked('the table', Promise.reject(answered('AccessDeniedException'))).catch(
      (refused: unknown) => refused,
    )
    expect(String(wordless)).toBe('Refused: the control plane is denied the table')
  })
})

describe('conflicts of transactions', () => {
  it('are met again until the other one is through', async () => {
    let tries = 0
    const call = async () => {
      tries += 1
      if (tries < 4)
        throw tries % 2 === 0
          ? cancelled('TransactionConflict')
          : new TransactionConflictException({ message: '', $metadata: {} })
      return 'done'
    }
    expect(await pastConflicts(call)).toBe('done')
    expect(tries).toBe(4)
  })

  it('that do not end are told', async () => {
    let tries = 0
    const call = async () => {
      tries += 1
      throw cancelled('TransactionConflict')
    }
    await expect(asked('the table', pastConflicts(call))).rejects.toMatchObject({ code: 'unavailable' })
    expect(tries).toBeGreaterThan(5)
  })

  it('are not a condition that failed: that is no conflict and is not repeated', async () => {
    let tries = 0
    const call = async () => {
      tries += 1
      throw cancelled('ConditionalCheckFailed', 'TransactionConflict')
    }
    await expect(pastConflicts(call)).rejects.toBeInstanceOf(TransactionCanceledException)
    expect(tries).toBe(1)
  })
})
