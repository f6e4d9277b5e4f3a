import { readFileSync } from 'node:fs'

/** Resident memory of a process in bytes; 0 once it is gone. */
export const residentBytes = (pid: number): number => {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0 // it ended
  }
}

/** Watches processes until stopped; answers the highest sum seen, over what it was at the start. */
export const watchGrowth = (pids: readonly number[]): (() => number) => {
  const sum = () => pids.reduce((total, pid) => total + residentBytes(pid), 0)
  const idle = sum()
  let peak = idle
  const timer = setInterval(() => {
    peak = Math.max(peak, sum())
  }, 50)
  return () => {
    clearInterval(timer)
    return peak - idle
  }
}
