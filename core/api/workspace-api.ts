import { Hono } from 'hono'
import type { WorkspacePlane } from '../usecases/workspace-plane.ts'
import type { ApiOptions } from './create-api.ts'
import { errorAnswer, noRoute } from './error-answer.ts'
import { workspaceRoutes } from './keep-routes.ts'

/** The part of the API that is about workspaces, for a function that has disks and nothing else. */
export const createWorkspaceApi = (
  plane: WorkspacePlane,
  { onBug = (error, id) => console.error(id, error) }: Pick<ApiOptions, 'onBug'> = {},
) =>
  new Hono()
    .route('/v1/workspaces', workspaceRoutes(plane))
    .notFound(noRoute)
    .onError((error, c) => errorAnswer(c, error, onBug))
