import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ACCOUNT, type Cloud, openCloud, REGION } from './cloud.ts'
import type { PolicyDocument } from './control.ts'
import { deploySample } from './sample-stack.ts'

let cloud: Cloud
type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

const allow = (Action: string | string[], Resource: string | string[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
})
const client = (credentials: Keys) => ({ region: REGION, endpoint: cloud.endpoint, credentials, maxAttempts: 1 })
const s3 = (keys: Keys) => new S3Client(client(keys))
const put = (keys: Keys, Key: string) => s3(keys).send(new PutObjectCommand({ Bucket: 'code', Key, Body: 'x' }))

beforeAll(async () => {
  cloud = await openCloud()
  await deploySample(cloud)
  await cloud.control.enforce(true)
})
afterAll(() => cloud?.close())

it('an unknown key, a wrong secret and no signature at all are refused', async () => {
  const known = await cloud.control.user('known', [allow('s3:*', '*')])
  await expect(put({ accessKeyId: 'AKIAUNKNOWNUNKNOWN00', secretAccessKey: 'x' }, 'a')).rejects.toMatchObject({
    name: 'InvalidClientTokenId',
  })
  await expect(put({ ...known, secretAccessKey: 'wrong' }, 'a')).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
  expect((await fetch(`${cloud.endpoint}/code/code.zip`)).status).toBe(403)
  await put(known, 'a')
})

it('policies are decided by action, resource and condition', async () => {
  const own = await cloud.control.user('own', [
    allow(['s3:PutObject', 's3:GetObject'], 'arn:aws:s3:::code/own/*'),
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: 'arn:aws:s3:::code',
          Condition: { StringLike: { 's3:prefix': 'own/*' } },
        },
        { Effect: 'Deny', Action: '*', Resource: 'arn:aws:s3:::code/own/never' },
      ],
    },
  ])
  await put(own, 'own/a')
  await expect(put(own, 'other/a')).rejects.toMatchObject({ name: 'AccessDenied' })
  await expect(put(own, 'own/never')).rejects.toMatchObject({ name: 'AccessDenied' })
  const list = (Prefix: string) => s3(own).send(new ListObjectsV2Command({ Bucket: 'code', Prefix }))
  expect((await list('own/')).KeyCount).toBe(1)
  await expect(list('')).rejects.toMatchObject({ name: 'AccessDenied' })
  expect(await cloud.control.denials()).toContainEqual(
    expect.objectContaining({ action: 's3:ListBucket', resource: 'arn:aws:s3:::code' }),
  )
})

it('a presigned address is good for what was signed, until it expires', async () => {
  const signer = await cloud.control.user('signer', [allow('s3:GetObject', 'arn:aws:s3:::code/*')])
  const url = await getSignedUrl(s3(signer), new GetObjectCommand({ Bucket: 'code', Key: 'code.zip' }), { expiresIn: 60 })
  expect((await fetch(url)).status).toBe(200)
  expect((await fetch(url.replace('code.zip', 'a'))).status).toBe(403)
  const old = await getSignedUrl(s3(signer), new GetObjectCommand({ Bucket: 'code', Key: 'code.zip' }), {
    expiresIn: 60,
    signingDate: new Date(Date.now() - 120_000),
  })
  expect((await fetch(old)).status).toBe(403)
})

it('credentials of one session reach its own prefix and secrets, never those of another, and end', async () => {
  const admin = await cloud.control.user('admin', [allow('*', '*')])
  const secrets = new SecretsManagerClient(client(admin))
  const made = async (Name: string) => (await secrets.send(new CreateSecretCommand({ Name, SecretString: 'value' }))).ARN ?? ''
  const [mine, theirs] = [await made('remote/a'), await made('remote/b')]
  const role = `arn:aws:iam::${ACCOUNT}:role/session`
  await cloud.control.role('session', { trusts: admin.arn, policies: [allow('*', '*')] })
  const assume = (Policy: string) =>
    new STSClient(client(admin)).send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 's-a', Policy }))
  const policy = [allow(['s3:PutObject'], 'arn:aws:s3:::code/sessions/s-a/*'), allow('secretsmanager:GetSecretValue', mine)]
  const { Credentials } = await assume(
    JSON.stringify({ Version: '2012-10-17', Statement: policy.flatMap(({ Statement }) => Statement) }),
  )
  const keys = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  }
  const read = (SecretId: string) => new SecretsManagerClient(client(keys)).send(new GetSecretValueCommand({ SecretId }))
  await put(keys, 'sessions/s-a/log')
  expect((await read(mine)).SecretString).toBe('value')
  await expect(put(keys, 'sessions/s-b/log')).rejects.toMatchObject({ name: 'AccessDenied' })
  await expect(read(theirs)).rejects.toMatchObject({ name: 'AccessDeniedException' })
  await expect(put({ ...keys, sessionToken: 'another' }, 'sessions/s-a/log')).rejects.toMatchObject({
    name: 'InvalidClientTokenId',
  })
  await cloud.control.expire(keys.accessKeyId)
  await expect(put(keys, 'sessions/s-a/log')).rejects.toMatchObject({ name: 'ExpiredTokenException' })
  await expect(assume(JSON.stringify({ Sid: 'x'.repeat(2048) }))).rejects.toMatchObject({ name: 'PackedPolicyTooLargeException' })
})

it('a role is assumed by whom it trusts alone', async () => {
  const ann = await cloud.control.user('ann', [allow('sts:AssumeRole', '*')])
  await cloud.control.role('for-others', { trusts: `arn:aws:iam::${ACCOUNT}:user/somebody`, policies: [] })
  await cloud.control.role('for-the-account', { trusts: `arn:aws:iam::${ACCOUNT}:root`, policies: [] })
  const sts = new STSClient(client(ann))
  const assume = (name: string) =>
    sts.send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/${name}`, RoleSessionName: 'x' }))
  await expect(assume('for-others')).rejects.toMatchObject({ name: 'AccessDenied' })
  expect((await assume('for-the-account')).Credentials?.AccessKeyId).toMatch(/^ASIA/)
  expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(ann.arn)
})
