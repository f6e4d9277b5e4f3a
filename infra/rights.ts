import { Stack } from 'aws-cdk-lib'
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { RemoteError } from '../core/contract/remote-error.ts'
import { acknowledge } from './acknowledge.ts'

type Conditions = Record<string, Record<string, string | readonly string[]>>

/** What may be done with what. A resource with a wildcard needs a reason why it cannot be named. */
export type Right = { may: readonly string[]; on: readonly string[]; when?: Conditions; why?: string }

/** A reference as it reads in findings: `<Name>`, `<Name.Attribute>`, or the name of what is imported. */
const readable = (value: unknown): string => {
  if (typeof value === 'string') return value
  const { Ref, ...call } = value as Record<string, unknown>
  if (Ref !== undefined) return `<${Ref}>`
  const [[name, given] = ['', '']] = Object.entries(call)
  if (name === 'Fn::Join') return (given as [string, unknown[]])[1].map(readable).join('')
  if (name === 'Fn::GetAtt') return `<${(given as string[]).join('.')}>`
  return name === 'Fn::ImportValue' ? readable(given) : JSON.stringify(value)
}

/** Those rights as statements; their reasons are told to whoever checks `holder`. */
export const statements = (holder: Construct, rights: readonly Right[]): PolicyStatement[] =>
  rights.map(({ may, on, when, why }) => {
    for (const resource of on.map((one) => readable(Stack.of(holder).resolve(one))).filter((one) => one.includes('*'))) {
      if (why === undefined) throw new RemoteError('bug', `${may.join(', ')} on ${resource} has no reason`)
      acknowledge(holder, { [`IAM5[Resource::${resource}]`]: why })
    }
    return new PolicyStatement({ actions: [...may], resources: [...on], ...(when && { conditions: when }) })
  })

export const grant = (role: Role, rights: readonly Right[]) => {
  for (const statement of statements(role, rights)) role.addToPolicy(statement)
}
