/**
 * V8 compiles hot functions on other threads. A process that exits while one of them waits for a garbage collection waits for that
 * thread for ever (nodejs/node#54918), so what has much to do has its functions compiled on the main thread.
 */
export const compileAtOnce = () => {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  setFlagsFromString('--no-concurrent-recompilation')
  setFlagsFromString('--no-concurrent-sparkplug')
}
