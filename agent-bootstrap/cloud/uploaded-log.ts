import { mkdirSync } from 'node:fs'
import type { RunSpec } from '../../core/contract/runner.ts'
import type { ControlPlane } from '../control-plane-client.ts'
import type { DoorbellSocket } from '../doorbell-socket.ts'
import { recoverSpool } from '../spool-files.ts'
import type { GrantStorage } from './grant-storage.ts'
import { openLiveRecords } from './live-records.ts'
import { openSegmentUploader } from './segment-uploader.ts'
import { unsealedFiles } from './unsealed-files.ts'

/** What is written waits at most so long for its segment. */
const SEAL_MS = 60_000
const SEGMENT_BYTES = 1024 * 1024

export type UploadedLogOptions = {
  spec: Pick<RunSpec, 'attempt' | 'nextSeq'> & Partial<Pick<RunSpec, 'request'>>
  /** Of the spool. */
  dir: string
  storage: Pick<GrantStorage, 'put'>
  plane: Pick<ControlPlane, 'seal'>
  /** Completes the spool's file at hand. */
  cut(): void
  doorbell(): DoorbellSocket | undefined
  onFenced(): void
  /** The first failure of a row of them. */
  onTrouble?(why: string): void
  sealMs?: number
}

/** For the machine's journal: the log itself is what does not get through. */
const tell = (why: string) => console.error(`the log cannot be uploaded, and is kept here meanwhile: ${why}`)

/** A log whose history is in the bucket: segments of the spool, and while somebody watches the live records themselves. */
export const openUploadedLog = (options: UploadedLogOptions) => {
  const { spec, dir, storage, plane, cut, doorbell, onFenced, onTrouble = tell, sealMs = SEAL_MS } = options
  const { attempt, nextSeq } = spec
  let timer: NodeJS.Timeout | undefined
  mkdirSync(dir, { recursive: true, mode: 0o700 })

  const uploader = openSegmentUploader({
    ...{ dir, attempt, storage, plane, nextSeq, onFenced, onTrouble },
    onSealed: (last) => live.sealed(last),
  })
  const live = openLiveRecords({
    attempt,
    dir,
    cut,
    sealed: uploader.sealed,
    doorbell,
    isTyped: spec.request?.agent === 'terminal',
  })
  for (const { first, last, bytes } of unsealedFiles(dir, nextSeq, recoverSpool(dir).nextSeq - 1))
    uploader.file(first, last, bytes)

  return {
    spool: { fileBytes: SEGMENT_BYTES, anew: true },
    sealer: {
      file: (first: number, last: number, bytes: number) => {
        clearTimeout(timer)
        timer = undefined
        uploader.file(first, last, bytes)
      },
      final: (lastSeq: number, deadlineMs?: number) => {
        clearTimeout(timer)
        return uploader.final(lastSeq, deadlineMs)
      },
    },
    live: {
      watch: live.watch,
      close: live.close,
      written: (upTo: number) => {
        timer ??= setTimeout(cut, sealMs)
        live.written(upTo)
      },
    },
  }
}
