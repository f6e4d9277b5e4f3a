import { atMost, type Figure } from './figure.ts'
import { emptyNode, interleaved, NODE, PROGRAM, timed } from './measure.ts'

export const startUp: Figure = {
  name: 'start-up',
  seconds: 40,
  run: async () => {
    const took = await interleaved(30, {
      node: emptyNode,
      version: () => timed(NODE, [PROGRAM, '--version']),
      help: () => timed(NODE, [PROGRAM, '--help']),
    })
    return [
      atMost('remote --version', took.version, took.node, 1.15, { ours: '', base: 'node -e 0: ' }),
      atMost('remote --help', took.help, took.node, 1.15, { ours: '', base: 'node -e 0: ' }),
    ]
  },
}
