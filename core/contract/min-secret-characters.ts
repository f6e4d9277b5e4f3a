/** Shorter values cannot be redacted soundly: they occur by chance. */
export const MIN_SECRET_CHARACTERS = 8
