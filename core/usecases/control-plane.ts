import type { Ports } from '../ports/ports.ts'
import { beat } from './beat.ts'
import { bootFailed } from './boot-failed.ts'
import { budgetChanges, getBudget, setBudget } from './budget.ts'
import { bundleStored } from './bundle-stored.ts'
import { deleteSecret } from './delete-secret.ts'
import { dispatch } from './dispatch.ts'
import { done } from './done.ts'
import { explain } from './explain.ts'
import { getAudit } from './get-audit.ts'
import { getBundle } from './get-bundle.ts'
import { getCatalogue } from './get-catalogue.ts'
import { getLog } from './get-log.ts'
import { getSpend } from './get-spend.ts'
import { getTimeline } from './get-timeline.ts'
import { hello } from './hello.ts'
import { inboxAfter } from './inbox-after.ts'
import { knownCommits } from './known-commits.ts'
import { leaving } from './leaving.ts'
import { listSecrets } from './list-secrets.ts'
import { listSessions } from './list-sessions.ts'
import { planMachine } from './plan-machine.ts'
import { putBundle } from './put-bundle.ts'
import { readPrices, takePrices } from './read-prices.ts'
import { readSegment } from './read-segment.ts'
import { renew } from './renew.ts'
import { resultStored } from './result-stored.ts'
import { resume } from './resume.ts'
import { runnerBundle } from './runner-bundle.ts'
import { seal } from './seal.ts'
import { send } from './send.ts'
import { sessionOf } from './session-of.ts'
import { setSecret, setSecretCommand } from './set-secret.ts'
import { DEFAULT_SETTINGS, type Settings } from './settings.ts'
import { terminate } from './terminate.ts'
import { uploadBundle } from './upload-bundle.ts'
import { workspacePlane } from './workspace-plane.ts'

/** Every use case, bound to its ports. What is not given in `settings` is as DEFAULT_SETTINGS says. */
export const controlPlane = (ports: Ports, given: Partial<Settings> = {}) => {
  const settings: Settings = { ...DEFAULT_SETTINGS, ...given }
  return {
    dispatch: dispatch(ports, settings),
    list: listSessions(ports),
    get: sessionOf(ports),
    timeline: getTimeline(ports),
    explain: explain(ports),
    terminate: terminate(ports),
    send: send(ports),
    resume: resume(ports, settings),
    log: getLog(ports),
    readSegment: readSegment(ports),
    plan: planMachine(ports),
    knownCommits: knownCommits(ports),
    putBundle: putBundle(ports),
    getBundle: getBundle(ports),
    uploadBundle: uploadBundle(ports),
    bundleStored: bundleStored(ports),
    ...workspacePlane(ports, settings),
    setSecret: setSecret(ports),
    setSecretCommand: setSecretCommand(ports),
    listSecrets: listSecrets(ports),
    deleteSecret: deleteSecret(ports),
    catalogue: getCatalogue(ports),
    readPrices: readPrices(ports),
    takePrices: takePrices(ports, settings),
    spend: getSpend(ports, settings),
    budget: getBudget(ports, settings),
    setBudget: setBudget(ports, settings),
    budgetChanges: budgetChanges(ports),
    audit: getAudit(ports),
    hello: hello(ports, settings),
    renew: renew(ports, settings),
    beat: beat(ports, settings),
    seal: seal(ports),
    inboxAfter: inboxAfter(ports),
    done: done(ports, settings),
    leaving: leaving(ports),
    runnerBundle: runnerBundle(ports, settings),
    bootFailed: bootFailed(ports),
    resultStored: resultStored(ports),
  }
}

export type ControlPlane = ReturnType<typeof controlPlane>
