import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SOURCE = 'var/lib/rehearsal-packages'

/**
 * Fills a directory, to be laid over a machine's root, with a package source of its own: machines reach no mirror. Its packages have the names
 * of Debian's, are newer than those and have nothing in them; apt and dpkg are the real ones.
 */
export const packageSource = (dir: string, names: readonly string[]): string => {
  const at = join(dir, SOURCE)
  mkdirSync(at, { recursive: true })
  const index = names.map((name) => {
    const control = `Package: ${name}\nVersion: 99\nArchitecture: all\nMaintainer: rehearsal <rehearsal@example.com>\nDescription: stands for ${name}\n`
    const tree = join(dir, 'build', name)
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
    writeFileSync(join(tree, 'DEBIAN', 'control'), control)
    execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, join(at, `${name}.deb`)], { stdio: 'pipe' })
    const bytes = readFileSync(join(at, `${name}.deb`))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return `${control}Filename: ./${name}.deb\nSize: ${bytes.length}\nSHA256: ${sha256}\n`
  })
  execFileSync('rm', ['-rf', join(dir, 'build')])
  writeFileSync(join(at, 'Packages'), index.join('\n'))
  mkdirSync(join(dir, 'etc', 'apt'), { recursive: true })
  writeFileSync(join(dir, 'etc', 'apt', 'sources.list'), `deb [trusted=yes] file:/${SOURCE} ./\n`)
  return dir
}
