/** Of one bundle: what S3 takes in one request. The same everywhere, so that what can be sent to one control plane can be sent to all. */
export const MOST_BUNDLE_BYTES = 5 * 1024 ** 3
