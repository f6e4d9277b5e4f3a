// Loaded before a program (NODE_OPTIONS=--require …): its clock is CLOCK_SKEW_MINUTES ahead of everybody else's.
const ahead = Number(process.env.CLOCK_SKEW_MINUTES ?? 0) * 60_000
const RealDate = Date
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + ahead)
    else super(...given)
  }
  static now() {
    return RealDate.now() + ahead
  }
}
