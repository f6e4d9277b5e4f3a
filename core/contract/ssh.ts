import * as z from 'zod'

/** Whom people are on a machine: the agent's own user, which cannot become the machine. */
export const SSH_USER = 'agent'

/** Where a machine's ssh server is and how it proves to be that one, as the machine said when it greeted: checked, because it may lie. */
export const SshServer = z.object({
  /** Within the machines' network. */
  address: z.string().regex(/^(\d{1,3}\.){3}\d{1,3}$/),
  /** As in a known_hosts file, without the name. */
  hostKey: z.string().regex(/^ssh-ed25519 [A-Za-z0-9+/]{68}$/),
})
export type SshServer = z.infer<typeof SshServer>
