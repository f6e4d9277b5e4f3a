import type { DoorbellSocket } from '../doorbell-socket.ts'
import { readLiveFrames, type SpoolPlace } from './live-frames.ts'

/** The first at once, then not more often than this: every message is paid for. */
const COALESCE_MS = 250
/** Somebody waits for the echo of a key. */
const COALESCE_TYPED_MS = 80
/** More than that in one go reaches the viewers sooner, and cheaper, as a segment. */
const MOST_FRAMES = 4
/** Segments are not made faster than this for viewers. */
const SEAL_AGAIN_MS = 1000

export type LiveRecordsOptions = {
  attempt: number
  /** Of the spool. */
  dir: string
  /** Has the spool file at hand sealed as a segment. */
  cut(): void
  /** Seq of the last sealed event. */
  sealed(): number
  doorbell(): Pick<DoorbellSocket, 'send'> | undefined
  /** What is written answers what is typed. */
  isTyped?: boolean | undefined
}

/**
 * While somebody watches, sends what is written. Viewers read up to the seal from segments, so it begins with a fresh seal: then it goes on
 * live from there. What is too much, or was not taken, is sealed likewise, and announced without its records: viewers read it from there.
 */
export const openLiveRecords = ({ attempt, dir, cut, sealed, doorbell, isTyped = false }: LiveRecordsOptions) => {
  const coalesceMs = isTyped ? COALESCE_TYPED_MS : COALESCE_MS
  let state: 'off' | 'sealing' | 'live' = 'off'
  let written = 0
  let target = 0
  let place: SpoolPlace = { file: 1, offset: 0, next: 1 }
  let timer: NodeJS.Timeout | undefined
  let sentAt = Number.NEGATIVE_INFINITY
  let cutAt = Number.NEGATIVE_INFINITY
  /** Written when somebody came who is not told yet that all of it is sealed. */
  let owed: number | undefined

  const after = (ms: number, then: () => void) => {
    clearTimeout(timer)
    timer = setTimeout(
      () => {
        timer = undefined
        then()
      },
      Math.max(0, ms),
    )
  }

  const stop = () => {
    state = 'off'
    owed = undefined
    clearTimeout(timer)
    timer = undefined
  }

  const send = () => {
    clearTimeout(timer)
    timer = undefined
    if (state !== 'live' || place.next > written) return
    sentAt = performance.now()
    const { frames, place: reached } = readLiveFrames(dir, place, written, MOST_FRAMES)
    for (const frame of frames) {
      const sent = doorbell()?.send({ type: 'live', attempt, ...frame }) ?? 'away'
      if (sent === 'away') return stop() // once it is there again it is asked whether somebody watches
      if (sent === 'full') return seal()
      place = { ...place, next: frame.last + 1 }
    }
    place = reached
    if (place.next <= written) seal()
  }

  const go = () => {
    const last = sealed()
    // Came while this was being sealed, and may want to know of what was written since.
    if (owed !== undefined && last < owed) return seal()
    if (owed !== undefined || last >= place.next)
      doorbell()?.send({ type: 'live', attempt, first: Math.min(place.next, last + 1), last })
    owed = undefined
    place = { file: last + 1, offset: 0, next: last + 1 }
    state = 'live'
    send()
  }

  const sealNow = () => {
    target = written
    if (sealed() >= target) return go()
    cutAt = performance.now()
    cut()
  }

  const seal = () => {
    state = 'sealing'
    target = Number.POSITIVE_INFINITY
    const wait = SEAL_AGAIN_MS - (performance.now() - cutAt)
    if (wait <= 0) sealNow()
    else after(wait, sealNow)
  }

  return {
    /** `rung`: somebody begins to watch now, beside those who do perhaps, and is told when all there is is sealed, also when nothing was to seal. */
    watch: (on: boolean, rung = false) => {
      if (!on) return stop()
      if (rung) owed = written
      if (state === 'off' || (rung && state === 'live')) seal()
    },
    written: (upTo: number) => {
      written = upTo
      if (state !== 'live' || timer) return
      const wait = coalesceMs - (performance.now() - sentAt)
      if (wait <= 0) send()
      else after(wait, send)
    },
    sealed: (last: number) => {
      if (state === 'sealing' && last >= target) go()
    },
    /** Nothing more will be written. */
    close: () => {
      if (state === 'live') send()
    },
  }
}
