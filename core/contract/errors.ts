export { ERRORS, type ErrorCode, RemoteError } from './remote-error.ts'
