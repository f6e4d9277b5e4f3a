import * as z from 'zod'

export const Tags = z.record(z.string(), z.string())

/** `POST /instances`: what an instance was launched with. */
export const Launch = z.object({
  id: z.string().regex(/^i-[0-9a-z]+$/),
  type: z.string(),
  zone: z.string(),
  /** Base64, as in the API. */
  userData: z.string().optional(),
  tags: Tags.default({}),
  roleArn: z.string().optional(),
  imageId: z.string().default('ami-00000000000000000'),
  account: z.string().default('123456789012'),
  architecture: z.enum(['x86_64', 'arm64']).default('x86_64'),
  lifecycle: z.enum(['spot', 'on-demand']).default('on-demand'),
  /** `InstanceMetadataTags`. */
  metadataTags: z.boolean().default(true),
  hopLimit: z.int().min(1).max(64).default(1),
  /** TCP ports that its security groups let the Instance Connect Endpoint reach; nobody else reaches any. */
  openPorts: z.array(z.int()).default([]),
  /** Powering off stops it: its disk stays, for an image. */
  keepsDisk: z.boolean().default(false),
  volumes: z.array(z.object({ id: z.string().regex(/^vol-[0-9a-z]+$/), gib: z.number().positive() })).default([]),
})
export type Launch = z.infer<typeof Launch>

/** A key of Instance Connect's: https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html */
export const PushedKey = z.object({ user: z.string(), key: z.string(), caller: z.string(), request: z.string() })
export type PushedKey = z.infer<typeof PushedKey>

export const Spot = z.object({
  action: z.enum(['terminate', 'stop', 'hibernate']).default('terminate'),
  seconds: z.number().default(120),
})
/** Of a new image: the instance whose disk it is. */
export const OfInstance = z.object({ of: z.string().regex(/^i-[0-9a-z]+$/) })
export const Size = z.object({ gib: z.number().positive() })
/** Of a new volume: the snapshot it is made of; of a snapshot: its volume. */
export const Source = z.object({ of: z.string().regex(/^(vol|snap)-[0-9a-z]+$/) })
