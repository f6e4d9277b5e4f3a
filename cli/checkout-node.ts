/** `node:sqlite` without a flag. */
const NEEDED = [22, 13] as const

const isNewEnough = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
}

/** An older Node in a checkout: the one that came with it takes over. Answers whether it did. */
export const runInCheckoutNode = (argv: readonly string[]): boolean => {
  if (isNewEnough()) return false
  const { existsSync, realpathSync } = process.getBuiltinModule('node:fs')
  const { dirname, join } = process.getBuiltinModule('node:path')
  const script = realpathSync(process.argv[1] ?? '')
  const node = join(dirname(script), '..', 'node_modules', 'node', 'bin', 'node')
  if (!existsSync(node)) {
    console.error(`remote needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}`)
    process.exitCode = 5
    return true
  }
  const child = process.getBuiltinModule('node:child_process').spawn(node, [script, ...argv], { stdio: 'inherit' })
  // The terminal sends Ctrl-C to both; what it means is decided there.
  process.on('SIGINT', () => undefined)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  child.on('close', (code, signal) => {
    process.exitCode = code ?? 128 + (process.getBuiltinModule('node:os').constants.signals[signal ?? 'SIGKILL'] ?? 0)
  })
  return true
}
