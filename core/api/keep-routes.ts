import { Hono } from 'hono'
import { SetSecret } from '../contract/secret.ts'
import { CreateWorkspace } from '../contract/workspace.ts'
import type { ControlPlane } from '../usecases/control-plane.ts'
import { body } from './checked.ts'
import { secretNameIn, workspaceIn } from './path-parts.ts'

export const workspaceRoutes = (plane: ControlPlane) =>
  new Hono()
    .post('/', body(CreateWorkspace), async (c) => c.json(await plane.createWorkspace(c.req.valid('json')), 201))
    .get('/', async (c) => c.json(await plane.listWorkspaces()))
    .get('/:name', async (c) => c.json(await plane.getWorkspace(workspaceIn(c.req.param('name')))))
    .delete('/:name', async (c) => {
      await plane.deleteWorkspace(workspaceIn(c.req.param('name')))
      return c.json({})
    })

export const secretRoutes = (plane: ControlPlane) =>
  new Hono()
    .get('/', async (c) => c.json(await plane.listSecrets()))
    .put('/:name', body(SetSecret), async (c) => {
      const [name, given] = [secretNameIn(c.req.param('name')), c.req.valid('json')]
      return c.json(await ('command' in given ? plane.setSecretCommand(name, given.command) : plane.setSecret(name, given.value)))
    })
    .delete('/:name', async (c) => {
      await plane.deleteSecret(secretNameIn(c.req.param('name')))
      return c.json({})
    })
