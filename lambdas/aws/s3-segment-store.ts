import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { Segment } from '../../core/contract/log.ts'
import { RemoteError } from '../../core/contract/remote-error.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { SegmentStore } from '../../core/ports/segment-store.ts'
import { asked, awsName } from './aws-refusal.ts'
import { openTable, type TableOptions } from './dynamo-table.ts'
import { type Bucket, presignedGet } from './presigned.ts'
import { openSegmentRows, type Row, seqName, unbroken } from './segment-rows.ts'
import { skipRecords } from './skip-records.ts'

/** Signing takes time and each address 2 KB of an answer, which may have 6 MB: who reads on asks again from there. */
const MOST_LISTED = 100

export type S3SegmentOptions = TableOptions &
  Bucket & {
    clock: Clock
    /** The bucket keeps objects at least so long. */
    keptDays: number
  }

/** Segments as compressed objects that machines upload, `sessions/<id>/log/<attempt>/<first seq>`; which there are is in the table. */
export const openS3SegmentStore = ({ s3, bucket, clock, keptDays, ...options }: S3SegmentOptions): SegmentStore => {
  const rows = openSegmentRows(openTable(options), () => Math.floor(clock.now() / 1000) + keptDays * 86_400)
  const keyOf = (session: string, attempt: number, first: number) => `sessions/${session}/log/${attempt}/${seqName(first)}`

  const segmentOf = async (session: string, attempt: number, { first, last, bytes, sha256 }: Row): Promise<Segment> => {
    const url = await presignedGet({ s3, bucket }, keyOf(session, attempt, first), { gzip: true })
    return { url, first, last, bytes, ...(sha256 === undefined ? {} : { sha256 }) }
  }

  const notFound = (session: string, attempt: number, first: number, cause?: unknown) =>
    new RemoteError('not_found', `attempt ${attempt} of ${session} has no event ${first}`, {
      hint: `see what there is: GET /v1/sessions/${session}/log`,
      cause,
    })

  const objectOf = async (session: string, attempt: number, first: number): Promise<ReadableStream<Uint8Array>> => {
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: keyOf(session, attempt, first) })
      const { Body } = await asked('the bucket', s3.send(command))
      if (Body) return Body.transformToWebStream() as ReadableStream<Uint8Array>
    } catch (error) {
      if (awsName(error) !== 'NoSuchKey') throw error
    }
    throw notFound(session, attempt, first) // it has expired
  }

  return {
    log: async (session, attempt, from = 1) => {
      const stored = await rows.of(session, attempt)
      const { rows: whole, last } = unbroken(stored)
      const wanted = whole.filter((row) => row.last >= from).slice(0, MOST_LISTED)
      const segments = await Promise.all(wanted.map((row) => segmentOf(session, attempt, row)))
      const lost = stored.end?.lost
      return { attempt, segments, last, sealed: stored.end !== undefined, ...(lost === undefined ? {} : { lost }) }
    },
    seal: async (session, attempt, { first, last, bytes = 0, sha256, final }) => {
      if (last >= first) await rows.record(session, attempt, { first, last, bytes, sha256 })
      if (!final) return
      const durable = unbroken(await rows.of(session, attempt)).last
      if (durable < last) {
        throw new RemoteError('bad_request', `the log of attempt ${attempt} of ${session} has a hole after ${durable}`, {
          hint: 'seal what is missing first',
        })
      }
      await rows.close(session, attempt, { last })
    },
    sealWhereDurable: async (session, attempt, why) => {
      const stored = await rows.of(session, attempt)
      const end = stored.end ?? (await rows.close(session, attempt, { last: unbroken(stored).last, lost: why }))
      return end.last
    },
    read: async (session, attempt, first) => {
      const row = unbroken(await rows.of(session, attempt)).rows.findLast((each) => each.first <= first)
      if (!row) throw notFound(session, attempt, first)
      const object = await objectOf(session, attempt, row.first)
      return object.pipeThrough(new DecompressionStream('gzip')).pipeThrough(skipRecords(first - row.first))
    },
  }
}
