import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

// Loaded with --import: the address of every module that is loaded after it, a line each.
registerHooks({
  load: (url, context, next) => {
    appendFileSync(process.env.RECORD_IMPORTS, `${url}\n`)
    return next(url, context)
  },
})
