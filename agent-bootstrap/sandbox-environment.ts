import { join } from 'node:path'
import { toolCache } from './sandbox-policy.ts'

/** They lead to what is hidden: agents holding keys, the keyring, the screen. */
const DROPPED =
  /^(SSH_AUTH_SOCK|SSH_AGENT_PID|GPG_AGENT_INFO|DBUS_.*|XDG_RUNTIME_DIR|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DOCKER_HOST)$/

/** Tools whose cache lies in the home directory, which is read-only inside. Go's and Cargo's keep more than a cache there. */
const CACHES: Readonly<Record<string, string>> = {
  XDG_CACHE_HOME: 'xdg',
  npm_config_cache: 'npm',
  YARN_CACHE_FOLDER: 'yarn',
  PIP_CACHE_DIR: 'pip',
  UV_CACHE_DIR: 'uv',
  GOCACHE: 'go-build',
  GOMODCACHE: 'go-mod',
  CARGO_HOME: 'cargo',
  GRADLE_USER_HOME: 'gradle',
  NUGET_PACKAGES: 'nuget',
  DENO_DIR: 'deno',
  BUN_INSTALL_CACHE_DIR: 'bun',
}

/** The environment inside: nothing that points at hidden places, caches where they can be written; what is set stays. */
export const sandboxEnvironment = (env: Record<string, string>, cacheDir: string, tmpDir: string): Record<string, string> => {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !DROPPED.test(name)))
  const caches = Object.fromEntries(Object.entries(CACHES).map(([name, folder]) => [name, join(toolCache(cacheDir), folder)]))
  return { ...caches, ...kept, TMPDIR: tmpDir, TMP: tmpDir, TEMP: tmpDir }
}
