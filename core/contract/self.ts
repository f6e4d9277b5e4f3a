/** Who acts when nobody asked: the control plane. No person is called so. */
export const SELF = 'remote'
