import { rm, writeFile } from 'node:fs'

/** The last events, the word that the log is complete, and a page or two of the control plane's own. */
const RESERVE_BYTES = 256 * 1024

/** Room kept on the disk for the end of the session: what runs in it may fill the disk, and its end must still be written down. */
export const keepReserve = (file: string) => {
  // Not zeros, which some file systems store as nothing. A disk that has no room now is found out by the log itself.
  const kept = new Promise<void>((resolve) => {
    writeFile(file, Buffer.alloc(RESERVE_BYTES, 'remote '), { mode: 0o600 }, () => resolve())
  })
  return {
    /** The room is there for whoever writes next. */
    release: async () => {
      await kept
      await new Promise<void>((resolve) => rm(file, { force: true }, () => resolve()))
    },
  }
}
export type Reserve = ReturnType<typeof keepReserve>
