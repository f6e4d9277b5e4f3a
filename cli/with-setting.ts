const SECTION = '[defaults]'

/**
 * The text of a config file with `key` of [defaults] set, or without it when `value` is empty. Lines are edited, so that comments
 * and order stay as their owner wrote them.
 */
export const withSetting = (text: string, key: string, value: string): string => {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const line = `${key} = ${JSON.stringify(value)}`
  const start = lines.findIndex((one) => one.trim().replace(/\s*#.*$/, '') === SECTION)
  if (start === -1) return value === '' ? text : `${[...lines, ...(lines.length > 0 ? [''] : []), SECTION, line].join('\n')}\n`
  const after = lines.findIndex((one, n) => n > start && one.trimStart().startsWith('['))
  const end = after === -1 ? lines.length : after
  const isKey = (one: string) =>
    one
      .split('=', 1)[0]
      ?.trim()
      .replace(/^"(.*)"$/, '$1') === key
  const at = lines.findIndex((one, n) => n > start && n < end && isKey(one))
  if (at === -1) return value === '' ? text : `${lines.toSpliced(start + 1, 0, line).join('\n')}\n`
  return `${(value === '' ? lines.toSpliced(at, 1) : lines.with(at, line)).join('\n')}\n`
}
