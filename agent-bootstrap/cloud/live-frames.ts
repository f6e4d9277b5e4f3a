import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { recordLength } from '../../core/contract/records.ts'
import { spoolFile } from '../spool-files.ts'

/** API Gateway's, of a whole WebSocket frame. */
const FRAME_BYTES = 32 * 1024
/** Of JSON around the records. */
const ENVELOPE_BYTES = 256
/** What base64 makes fit into one frame. */
export const MOST_RECORD_BYTES = Math.floor((FRAME_BYTES - ENVELOPE_BYTES) / 4) * 3

export type LiveFrame = { first: number; last: number; records: string }
/** Before record `next`: `offset` bytes into the spool file that begins with record `file`. */
export type SpoolPlace = { file: number; offset: number; next: number }

const readAt = (dir: string, { file, offset }: SpoolPlace, bytes: number): Buffer => {
  const path = spoolFile(dir, file)
  if (!existsSync(path)) return Buffer.alloc(0) // begins with its first record
  const buffer = Buffer.alloc(bytes)
  const fd = openSync(path, 'r')
  try {
    return buffer.subarray(0, readSync(fd, buffer, 0, bytes, offset))
  } finally {
    closeSync(fd)
  }
}

/** As many whole records of a file as one frame takes, none after `last`. */
const readFrame = (dir: string, place: SpoolPlace, last: number): { frame?: LiveFrame; place: SpoolPlace } => {
  const data = readAt(dir, place, MOST_RECORD_BYTES)
  let at = 0
  let next = place.next
  for (let length = recordLength(data, at); length !== undefined && next <= last; length = recordLength(data, at)) {
    at += length
    next++
  }
  if (at === 0) return { place }
  const records = data.subarray(0, at).toString('base64')
  return { frame: { first: place.next, last: next - 1, records }, place: { ...place, offset: place.offset + at, next } }
}

/**
 * What is written from a place on up to record `last`, in at most `most` frames. When the place they lead to is not after `last`, there
 * is more than that, or a record that no frame takes.
 */
export const readLiveFrames = (dir: string, from: SpoolPlace, last: number, most: number) => {
  const frames: LiveFrame[] = []
  let place = from
  while (frames.length < most && place.next <= last) {
    const read = readFrame(dir, place, last)
    if (read.frame) {
      frames.push(read.frame)
      place = read.place
    } else if (place.file !== place.next && existsSync(spoolFile(dir, place.next))) {
      place = { file: place.next, offset: 0, next: place.next }
    } else break
  }
  return { frames, place }
}
