import * as z from 'zod'

/** What viewers put into a session's inbox. */
export const InboxMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('message'), text: z.string().min(1).max(256_000) }),
  z.object({ kind: z.literal('interrupt') }),
  /** Without `permission`, the one that is waiting. `option` is an option's id, or the choice in general. */
  z.object({
    kind: z.literal('answer'),
    permission: z.string().max(256).optional(),
    option: z.string().max(256).optional(),
    choice: z.enum(['approve', 'deny']).optional(),
  }),
])
export type InboxMessage = z.infer<typeof InboxMessage>

/** Numbered from 1 per session, handled once, in order. */
export const InboxItem = z.object({ n: z.int().min(1), at: z.string(), by: z.string(), message: InboxMessage })
export type InboxItem = z.infer<typeof InboxItem>
export const Inbox = z.object({ items: z.array(InboxItem) })
