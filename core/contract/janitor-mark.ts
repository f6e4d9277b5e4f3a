/** The word that begins the line of a sweep which ended machines, and that no other line has: an alarm counts it. */
export const JANITOR_MARK = 'janitorEnded'
