import type { RunSpec } from '../core/contract/runner.ts'
import type { Driver } from './agents/driver.ts'
import type { RunnerArguments } from './runner-arguments.ts'

/** Loaded when needed: a shell session does not wait for the agents' protocol. */
export const pickDriver = async (spec: RunSpec): Promise<Driver> => {
  if (spec.request.agent === 'shell') return (await import('./agents/shell-driver.ts')).shellDriver
  if (spec.request.agent === 'terminal') {
    await (await import('./agents/output-pipes.ts')).dropOutputPipes()
    return (await import('./agents/terminal-driver.ts')).terminalDriver
  }
  const [{ acpDriver }, { dropOutputPipes }] = await Promise.all([
    import('./agents/acp-driver.ts'),
    import('./agents/output-pipes.ts'),
  ])
  await dropOutputPipes()
  return acpDriver
}

/** What nearly every session needs, begun while the control plane is still being asked what the session is. */
export const warmUp = ({ dir, fenced }: Pick<RunnerArguments, 'dir' | 'fenced'>) => {
  const soon = [
    import('./agents/shell-driver.ts'),
    Promise.all([import('./sandbox-available.ts'), import('./agents/output-pipes.ts')]).then(
      ([{ sandboxAvailable, pidNamespaceAvailable }, { prepareOutputPipes }]) =>
        prepareOutputPipes(dir, fenced ? sandboxAvailable : pidNamespaceAvailable),
    ),
  ]
  // Whoever needs one of them imports it again, and hears of what is wrong with it.
  for (const started of soon) started.catch(() => undefined)
}
