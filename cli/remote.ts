#!/usr/bin/env node
import { runInCheckoutNode } from './checkout-node.ts'
import { canMakeDirectory } from './make-directory.ts'

declare const REMOTE_VERSION: string | undefined
declare const REMOTE_HELP: string | undefined

// Built as CommonJS, because the module loader alone costs 5 ms: what is constant is answered before it is loaded.
const [, script = '', ...words] = process.argv
const name = script.slice(script.lastIndexOf('/') + 1)
/** `remote.workspace.create x` on the PATH is `remote workspace.create x`. */
const verb = /^remote\.(?!c?js$|ts$)(.+)$/.exec(name)?.[1]
const argv = verb === undefined ? words : [verb, ...words]

const { fstatSync, writeSync } = process.getBuiltinModule('node:fs')
// Not `isTTY`: that makes a stream first.
const isPlain = () => !fstatSync(1).isCharacterDevice() || process.env['NO_COLOR']

const constant = (): string | undefined => {
  if (argv.length !== 1) return undefined
  if (argv[0] === '--version' || argv[0] === '-v') return typeof REMOTE_VERSION === 'string' ? `${REMOTE_VERSION}\n` : undefined
  return (argv[0] === '--help' || argv[0] === '-h') && isPlain() && typeof REMOTE_HELP === 'string' ? REMOTE_HELP : undefined
}

/** Compiled code is kept where only the user can write: it is executed as it is found. Nowhere without a home: not where one stands. */
const compileCache = (): string | undefined => {
  const { REMOTE_HOME, XDG_CACHE_HOME, HOME } = process.env
  if (REMOTE_HOME) return REMOTE_HOME.startsWith('/') ? `${REMOTE_HOME}/cache/compile` : undefined
  if (XDG_CACHE_HOME?.startsWith('/')) return `${XDG_CACHE_HOME}/remote/compile`
  return HOME?.startsWith('/') ? `${HOME}/.cache/remote/compile` : undefined
}

/** What cannot be written so (nobody reads, a full disk) goes the way of everything else, which knows what to say of that. */
const isSaid = (text: string): boolean => {
  try {
    writeSync(1, text)
    return true
  } catch {
    return false
  }
}

const text = constant()
if ((text === undefined || !isSaid(text)) && !runInCheckoutNode(argv)) {
  const cache = compileCache()
  if (cache !== undefined && canMakeDirectory(cache)) process.getBuiltinModule('node:module').enableCompileCache?.(cache)
  import('./run.ts').then(({ run }) => run(argv))
}
