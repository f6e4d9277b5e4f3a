export const ARCHITECTURES = ['x64', 'arm64'] as const
