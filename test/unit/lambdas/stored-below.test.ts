import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, it } from 'vitest'
import { storedBelow } from '../../../lambdas/aws/stored-below.ts'
import { useAws } from '../../support/aws-world.ts'

const aws = useAws()

it('what lies below a prefix is added up, and no further than it takes to know that it is too much', async () => {
  const world = await aws.fresh()
  const put = (Key: string, bytes: number) =>
    world.s3.send(new PutObjectCommand({ Bucket: world.bucket, Key, Body: 'x'.repeat(bytes) }))
  const names = Array.from({ length: 1005 }, (_, n) => `sessions/s-1/log/1/${String(n).padStart(12, '0')}`)
  for (let at = 0; at < names.length; at += 50) await Promise.all(names.slice(at, at + 50).map((name) => put(name, 2)))
  await put('sessions/s-10/log/1/000000000001', 1000)
  const below = (bytes: number, objects: number) => storedBelow(world, 'sessions/s-1/', { bytes, objects })
  expect(await below(1e9, 1e9)).toEqual({ bytes: 2010, objects: 1005 })
  expect(await below(1999, 1e9)).toEqual({ bytes: 2000, objects: 1000 })
  expect(await below(1e9, 999)).toEqual({ bytes: 2000, objects: 1000 })
  expect(await storedBelow(world, 'sessions/s-2/', { bytes: 1, objects: 1 })).toEqual({ bytes: 0, objects: 0 })
})
