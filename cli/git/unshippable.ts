import { RemoteError } from '../../core/contract/remote-error.ts'
import { pathForPeople, pathsForPeople, type WorkingTree } from './working-tree.ts'

/** Throws for what no snapshot can carry. */
export const refuseUnshippable = (tree: WorkingTree): void => {
  if (tree.unmerged.length > 0) {
    throw new RemoteError('repository', `there are unresolved conflicts: ${pathsForPeople(tree.unmerged)}`, {
      hint: 'resolve them and `git add` the files, or send a commit with --ref HEAD',
    })
  }
  const [nested] = tree.nested
  if (nested !== undefined) {
    throw new RemoteError('repository', `${pathsForPeople(tree.nested)} is a git repository of its own and would not arrive`, {
      hint: `add it as a submodule, or leave it out: echo '/${pathForPeople(nested)}' >> .git/info/exclude`,
    })
  }
  if (tree.dirtySubmodules.length > 0) {
    throw new RemoteError('repository', `uncommitted changes in submodule ${pathsForPeople(tree.dirtySubmodules)}`, {
      hint: 'commit them in the submodule (no push is needed), or send a commit with --ref HEAD',
    })
  }
}
