import type { EventBody } from '../../core/contract/events.ts'

const GATHER_MS = 100

type Voice = 'message' | 'thought'
const bodyOf = (voice: Voice, text: string): EventBody =>
  voice === 'message' ? { type: 'message', role: 'agent', text } : { type: 'thought', text }

/** Gathers streamed words: the first go out at once, then at most ten times a second; always in order with what is not words. */
export const openSpeech = (put: (body: EventBody) => void) => {
  let voice: Voice = 'message'
  let text = ''
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    if (text !== '') put(bodyOf(voice, text))
    text = ''
  }
  const onTimer = () => {
    timer = text === '' ? undefined : setTimeout(onTimer, GATHER_MS)
    flush()
  }
  return {
    flush,
    say: (who: Voice, words: string) => {
      if (who !== voice) flush()
      voice = who
      text += words
      if (timer !== undefined) return
      flush()
      timer = setTimeout(onTimer, GATHER_MS)
    },
    close: () => {
      clearTimeout(timer)
      flush()
    },
  }
}
