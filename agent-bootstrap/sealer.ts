import { type ControlPlane, Fenced } from './control-plane-client.ts'

type File = { first: number; last: number; bytes: number }

/** Reports each complete file of the spool as a segment, in order, and the last one as final. */
export const openSealer = (plane: Pick<ControlPlane, 'seal'>, onFenced: () => void) => {
  let latest: File | undefined
  let sealed = Promise.resolve()

  const report = (file: File) => {
    sealed = sealed
      .then(() => plane.seal({ ...file, final: false }))
      .then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof Fenced) onFenced()
          // Else it was refused or nobody answered for a day: `done` says how far the log goes.
        },
      )
  }

  return {
    /** The one before is complete now. The latest waits: it may prove to be the final one. */
    file: (first: number, last: number, bytes: number) => {
      if (latest) report(latest)
      latest = { first, last, bytes }
    },
    final: async (lastSeq: number, deadlineMs?: number) => {
      await sealed
      await plane.seal({ first: latest?.first ?? 1, last: lastSeq, bytes: latest?.bytes ?? 0, final: true }, deadlineMs)
    },
  }
}
export type Sealer = ReturnType<typeof openSealer>
