import { Hono } from 'hono'
import type { ControlPlane } from '../usecases/control-plane.ts'
import type { WorkspacePlane } from '../usecases/workspace-plane.ts'
import { callerOf } from './caller.ts'
import { body } from './checked.ts'
import { secretNameIn, snapshotIn, workspaceIn } from './path-parts.ts'

export const workspaceRoutes = (plane: WorkspacePlane) =>
  new Hono()
    .post(
      '/',
      body(async () => (await import('../contract/workspace.ts')).CreateWorkspace),
      async (c) => c.json(await plane.createWorkspace(c.req.valid('json'), callerOf(c)), 201),
    )
    .get('/', async (c) => c.json(await plane.listWorkspaces()))
    .get('/:name', async (c) => c.json(await plane.getWorkspace(workspaceIn(c.req.param('name')))))
    .delete('/:name', async (c) => {
      await plane.deleteWorkspace(workspaceIn(c.req.param('name')), callerOf(c))
      return c.json({})
    })
    .post('/:name/snapshots', async (c) =>
      c.json(await plane.snapshotWorkspace(workspaceIn(c.req.param('name')), callerOf(c)), 201),
    )
    .delete('/:name/snapshots/:snapshot', async (c) => {
      await plane.deleteSnapshot(workspaceIn(c.req.param('name')), snapshotIn(c.req.param('snapshot')), callerOf(c))
      return c.json({})
    })
    .post(
      '/:name/move',
      body(async () => (await import('../contract/workspace.ts')).MoveWorkspace),
      async (c) => c.json(await plane.moveWorkspace(workspaceIn(c.req.param('name')), c.req.valid('json'), callerOf(c))),
    )
    .post(
      '/:name/resize',
      body(async () => (await import('../contract/workspace.ts')).ResizeWorkspace),
      async (c) => c.json(await plane.resizeWorkspace(workspaceIn(c.req.param('name')), c.req.valid('json'), callerOf(c))),
    )

export const secretRoutes = (plane: ControlPlane) =>
  new Hono()
    .get('/', async (c) => c.json(await plane.listSecrets()))
    .put(
      '/:name',
      body(async () => (await import('../contract/secret.ts')).SetSecret),
      async (c) => {
        const [name, given, by] = [secretNameIn(c.req.param('name')), c.req.valid('json'), callerOf(c)]
        return c.json(
          await ('command' in given ? plane.setSecretCommand(name, given.command, by) : plane.setSecret(name, given.value, by)),
        )
      },
    )
    .delete('/:name', async (c) => {
      await plane.deleteSecret(secretNameIn(c.req.param('name')), callerOf(c))
      return c.json({})
    })
