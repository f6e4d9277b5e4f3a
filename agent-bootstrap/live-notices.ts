import type { DoorbellSocket } from './doorbell-socket.ts'

/** The first at once, then not more often than this. */
const COALESCE_MS = 4

/** While somebody watches, says how far the log reaches. The log itself is where it says: on the disk both sides share. */
export const openLiveNotices = (attempt: number, doorbell: () => DoorbellSocket | undefined) => {
  let watched = false
  let announced = 0
  let last = 0
  let timer: NodeJS.Timeout | undefined
  let sentAt = 0

  const send = () => {
    timer = undefined
    if (!watched || last <= announced) return
    doorbell()?.send({ type: 'live', attempt, first: announced + 1, last })
    announced = last
    sentAt = performance.now()
  }

  return {
    watch: (on: boolean, _rung?: boolean) => {
      if (on === watched) return
      watched = on
      if (on) announced = 0 // whoever begins to watch has heard nothing yet
      send()
    },
    written: (upTo: number) => {
      last = upTo
      if (!watched || timer) return
      const wait = COALESCE_MS - (performance.now() - sentAt)
      if (wait <= 0) send()
      else timer = setTimeout(send, wait)
    },
    close: () => {
      clearTimeout(timer)
      send()
    },
  }
}
export type LiveNotices = ReturnType<typeof openLiveNotices>
