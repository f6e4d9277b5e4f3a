import * as z from 'zod'

/** Whom people are on a machine: the agent's own user, which cannot become the machine. */
export const SSH_USER = 'agent'
/** On a machine that several sessions share each has a user of its own. */
export const SSH_USERS = [SSH_USER, `${SSH_USER}-*`] as const

/** Where a machine's ssh server is and how it proves to be that one, as the machine said when it greeted: checked, because it may lie. */
export const SshServer = z.object({
  /** Within the machines' network. */
  address: z.string().regex(/^(\d{1,3}\.){3}\d{1,3}$/),
  /** As in a known_hosts file, without the name. */
  hostKey: z.string().regex(/^ssh-ed25519 [A-Za-z0-9+/]{68}$/),
  /** The session's own. */
  user: z.string().regex(/^agent(-[0-9a-z]{10})?$/),
})
export type SshServer = z.infer<typeof SshServer>
