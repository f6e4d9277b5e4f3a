import { expect, it } from 'vitest'
import { TABLE } from '../../../lambdas/aws/table.ts'
import { ofType, synthesized } from '../../infra/synthesized.ts'
import { tableDescription } from '../../support/aws-table.ts'

it('the table that is deployed is the one that the adapters are proved with', () => {
  const [table, ...more] = ofType(synthesized().state, 'AWS::DynamoDB::Table')
  expect(more).toEqual([])
  const properties = table?.[1].Properties ?? {}
  const { AttributeDefinitions, ...described } = tableDescription()
  expect(properties).toMatchObject(described)
  const byName = (attributes: unknown) =>
    (attributes as { AttributeName: string }[]).toSorted((a, b) => (a.AttributeName < b.AttributeName ? -1 : 1))
  expect(byName(properties['AttributeDefinitions'])).toEqual(byName(AttributeDefinitions))
  expect(properties['TimeToLiveSpecification']).toEqual({ AttributeName: TABLE.timeToLive, Enabled: true })
  expect(table?.[1].DeletionPolicy).toBe('Retain')
})
