/** What AWS does not promise about messages: their order, that they come once, that `$disconnect` comes. */
export type Disorder = {
  /** One wait for each time that a message is handed on; none: it is lost. */
  deliveries(): Promise<void>[]
  losesDisconnect(): boolean
  set(kind: Kind): void
}
export type Kind = { reorder?: boolean; duplicate?: boolean; lose?: boolean; loseDisconnect?: boolean }

export const createDisorder = (random: () => number = Math.random): Disorder => {
  let kind: Kind = {}
  const wait = () => (kind.reorder ? new Promise<void>((resolve) => setTimeout(resolve, random() * 80)) : Promise.resolve())
  return {
    deliveries: () => {
      if (kind.lose && random() < 0.2) return []
      return kind.duplicate && random() < 0.3 ? [wait(), wait()] : [wait()]
    },
    losesDisconnect: () => kind.loseDisconnect === true,
    set(next) {
      kind = next
    },
  }
}
