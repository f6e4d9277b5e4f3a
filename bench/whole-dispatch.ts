import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { World } from '../test/support/world.ts'
import { type Figure, ms } from './figure.ts'
import { inWorld } from './in-world.ts'
import { emptyNode, interleaved, NODE, PROGRAM, timed } from './measure.ts'

const FILES = 1000

/** The same git work by hand: snapshot the working tree, bundle it, clone the bundle, run there. */
const SCRIPT = `set -e
export GIT_INDEX_FILE="$2/index"
cp .git/index "$GIT_INDEX_FILE"
git add -A
commit=$(git commit-tree -p HEAD -m snapshot "$(git write-tree)")
unset GIT_INDEX_FILE
git update-ref refs/snapshot "$commit"
git bundle create -q "$2/bundle" refs/snapshot
git update-ref -d refs/snapshot
git init -q --bare "$2/store.git"
git -C "$2/store.git" fetch -q "$2/bundle" refs/snapshot:refs/heads/main
git clone -q -s -b main "$2/store.git" "$2/checkout"
cd "$2/checkout"
git checkout -q -b remote/session
sh -c "$1"
git status --porcelain
`

/** A repository nobody has seen: neither side may keep anything from the round before. */
const freshRepository = (world: World): string => {
  const dir = mkdtempSync(join(world.dir, 'thousand-'))
  for (let n = 0; n < FILES; n++) {
    if (n % 50 === 0) mkdirSync(join(dir, `d${n / 50}`))
    writeFileSync(join(dir, `d${Math.floor(n / 50)}`, `f${n}.txt`), `file ${n} of ${dir}\n`.repeat(20))
  }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: dir, env: world.env, stdio: 'ignore' })
  git('init', '-q')
  git('add', '-A')
  git('commit', '-qm', `first of ${dir}`)
  writeFileSync(join(dir, 'd0/f0.txt'), 'changed\n')
  return dir
}

export const wholeDispatch: Figure = {
  name: 'whole-dispatch',
  seconds: 90,
  run: () =>
    inWorld(async (world) => {
      const dispatch = (cwd: string, ...more: string[]) =>
        timed(NODE, [PROGRAM, 'dispatch', '--agent', 'shell', ...more, 'echo hi'], { env: world.env, cwd })
      const took = await interleaved(5, {
        node: emptyNode,
        script: () => {
          const cwd = freshRepository(world)
          const scratch = mkdtempSync(join(world.dir, 'by-hand-'))
          return timed('/bin/sh', ['-c', SCRIPT, 'sh', 'echo hi', scratch], { env: world.env, cwd })
        },
        ours: () => dispatch(freshRepository(world), '--sandbox', 'off'),
        fenced: () => dispatch(freshRepository(world)),
      })
      const limit = 1.5 * took.script + 3 * took.node
      const base = `1.5 × script (${ms(took.script)}) + 3 × node (${ms(took.node)}): ${ms(limit)}`
      const row = (what: string, ours: number) => ({
        what,
        ours: ms(ours),
        base,
        measured: `${(ours / limit).toFixed(2)} ×`,
        goal: '≤ 1 ×',
        reached: ours <= limit,
      })
      return [row('whole dispatch, 1,000 files', took.ours), row('the same in the sandbox', took.fenced)]
    }),
}
