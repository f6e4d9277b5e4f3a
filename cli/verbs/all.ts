import { KEEP_VERBS } from './keep.ts'
import { MONEY_VERBS } from './money.ts'
import { PLACE_VERBS } from './places.ts'
import { SELF_VERBS } from './self.ts'
import { SSH_VERBS } from './ssh.ts'
import type { Verb } from './verb.ts'
import { WORK_VERBS } from './work.ts'

export const VERBS: readonly Verb[] = [...WORK_VERBS, ...KEEP_VERBS, ...PLACE_VERBS, ...SSH_VERBS, ...MONEY_VERBS, ...SELF_VERBS]
