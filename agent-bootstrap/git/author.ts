import { sealedGit } from './sealed-git.ts'

export type Author = { name: string; email: string }

/** The environment of a git that makes a commit. */
export const signedBy = ({ name, email }: Author): Record<string, string> => ({
  GIT_AUTHOR_NAME: name,
  GIT_AUTHOR_EMAIL: email,
  GIT_COMMITTER_NAME: name,
  GIT_COMMITTER_EMAIL: email,
})

/** Who signs the session's commits: the user as the request says, else the author of HEAD, else nobody in particular. */
export const sessionAuthor = async (
  gitDir: string,
  env: Readonly<Record<string, string>>,
  head: string | undefined,
): Promise<Author> => {
  const [name, email] = [env['GIT_AUTHOR_NAME'], env['GIT_AUTHOR_EMAIL']]
  if (name && email !== undefined) return { name, email }
  if (head === undefined) return { name: 'remote', email: 'remote@localhost' }
  const { stdout } = await sealedGit(['cat-file', 'commit', head], { gitDir, allow: [128] })
  const [, headName, headEmail] = /^author (.*) <([^>\n]*)> /m.exec(stdout.toString('utf8')) ?? []
  return { name: headName || 'remote', email: headEmail ?? 'remote@localhost' }
}
