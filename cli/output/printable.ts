import { stripVTControlCharacters } from 'node:util'

/**
 * Text of an agent or a stranger, without what a terminal would act upon: escape sequences could move the cursor, rename the
 * window or fake what we say. Tabs and line breaks stay.
 */
export const printable = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, '')

/** The same as one line. */
export const oneLine = (text: string): string => printable(text).replace(/\s+/g, ' ').trim()
