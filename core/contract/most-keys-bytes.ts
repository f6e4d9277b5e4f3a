/** Bytes of one `keys` frame: as base64 well below the 32 KB that API Gateway takes. */
export const MOST_KEYS_BYTES = 16 * 1024
