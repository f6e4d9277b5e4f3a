const MAX_TITLE_CHARACTERS = 80

/** The first line that says something, without anything a terminal would act upon. `task` is redacted already. */
export const titleOf = (task: string): string => {
  const lines = task.split(/\r\n|\n|\r/).map((line) => line.replace(/[\p{C}\s]+/gu, ' ').trim())
  const line = lines.find((text) => text !== '') ?? '(empty)'
  const characters = Array.from(line)
  return characters.length <= MAX_TITLE_CHARACTERS
    ? line
    : `${characters
        .slice(0, MAX_TITLE_CHARACTERS - 1)
        .join('')
        .trimEnd()}…`
}
