import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { pickDotfiles } from '../../../cli/terminal/dotfiles.ts'

const homes: string[] = []
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})

const homeWith = (...files: string[]): string => {
  const home = mkdtempSync(join(tmpdir(), 'remote-home-'))
  homes.push(home)
  for (const file of files) {
    mkdirSync(dirname(join(home, file)), { recursive: true })
    writeFileSync(join(home, file), file)
  }
  return home
}

describe('dotfiles', () => {
  it('are files and directories below the home directory, with whether they can be run', () => {
    const home = homeWith('.bashrc', '.config/nvim/init.lua', '.config/nvim/lua/keys.lua', 'bin/hello')
    chmodSync(join(home, 'bin/hello'), 0o700)
    const { files, missing } = pickDotfiles('~/.bashrc, .config/nvim,bin/hello, .vimrc', home)
    expect(files.map(({ path, mode }) => [path, mode])).toEqual([
      ['.bashrc', 0o644],
      ['.config/nvim/init.lua', 0o644],
      ['.config/nvim/lua/keys.lua', 0o644],
      ['bin/hello', 0o755],
    ])
    expect(missing).toEqual(['.vimrc'])
  })

  it.each([
    '.ssh/config',
    '.ssh',
    '.aws/config',
    '.config/gh/hosts.yml',
    '.git-credentials',
    '.npmrc',
    '.docker/config.json',
    '.bash_history',
    '.config/app/credentials.json',
    'keys/server.pem',
  ])('%s stays here, named or in a directory that is', (path) => {
    const home = homeWith(path)
    expect(() => pickDotfiles(path, home)).toThrow(/does not leave this computer/)
    const [top = ''] = path.split('/')
    expect(() => pickDotfiles(top, home)).toThrow(/does not leave this computer/)
  })

  it('what a link leads to is what counts', () => {
    const home = homeWith('.ssh/id_x', 'dotfiles/bashrc')
    symlinkSync(join(home, 'dotfiles/bashrc'), join(home, '.bashrc'))
    expect(pickDotfiles('.bashrc', home).files).toMatchObject([
      { path: '.bashrc', from: expect.stringMatching(/dotfiles\/bashrc$/) },
    ])
    symlinkSync(join(home, '.ssh/id_x'), join(home, '.profile'))
    expect(() => pickDotfiles('.profile', home)).toThrow(/does not leave this computer/)
    symlinkSync('/etc/passwd', join(home, '.vimrc'))
    expect(() => pickDotfiles('.vimrc', home)).toThrow(/not below your home directory/)
  })

  it.each(['/etc/passwd', '../other', '.', '~/../other'])('%s is not below the home directory', (path) => {
    expect(() => pickDotfiles(path, homeWith('.bashrc'))).toThrow(/not below your home directory/)
  })

  it('too many are refused before anything is sent', () => {
    const home = homeWith('.config/big')
    writeFileSync(join(home, '.config/big'), Buffer.alloc(6 * 1024 ** 2))
    expect(() => pickDotfiles('.config/big', home)).toThrow(/more than 5 MB/)
  })
})
