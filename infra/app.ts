import { App } from 'aws-cdk-lib'
import { RemoteError } from '../core/contract/remote-error.ts'
import { readConfig } from './config.ts'
import { ControlPlaneStack } from './control-plane-stack.ts'
import { StateStack } from './state-stack.ts'

try {
  const app = new App({ analyticsReporting: false })
  const config = readConfig(app.node)
  new ControlPlaneStack(app, config, new StateStack(app, config))
  app.synth()
} catch (error) {
  if (!(error instanceof RemoteError)) throw error
  console.error([error.message, error.hint].join('\n'))
  process.exitCode = 1
}
